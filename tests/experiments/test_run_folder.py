"""A run's files come back as they were written; the folder stays its own."""

from dataclasses import replace

import pytest

from experiments.errors import ConfigError
from experiments.run_folder import (
    HISTORY_FIELDS,
    SELECTION_FIELDS,
    RunFolder,
)


@pytest.fixture
def folder(tmp_path, tiny):
    return RunFolder.of(tmp_path, tiny, seed=3)


def rows(*fields):
    """Two epochs; no two numbers are the same."""
    return [
        {"epoch": epoch}
        | {name: epoch + 0.1 * place for place, name in enumerate(fields, 1)}
        for epoch in range(2)
    ]


def test_folder_is_named_after_experiment_and_seed(folder, tmp_path):
    assert folder.path == tmp_path / "tiny" / "seed_3"
    assert not folder.path.exists()


def test_the_same_experiment_may_go_on_and_no_other(folder, tiny):
    folder.claim(tiny, 3)
    folder.claim(tiny, 3)
    with pytest.raises(ConfigError) as caught:
        folder.claim(replace(tiny, epochs=9), 3)
    assert str(caught.value) == (
        f"{folder.path} was made with another config: epochs is 2 there and 9 "
        "here. That cannot be longer, as the cosine schedule depends on the "
        "number of epochs. Choose another --workdir, or remove that folder."
    )
    with pytest.raises(ConfigError, match="seed is 3 there and 4 here"):
        folder.claim(tiny, 4)
    folder.claim(tiny, 3)


def test_config_of_before_a_field_existed_is_the_same(folder, tiny):
    folder.claim(tiny, 3)
    config = folder.read_json("config.json")
    assert config["data"].pop("folds") is None
    assert config.pop("judged") == "last"
    folder.write_json("config.json", config)
    folder.claim(tiny, 3)
    with pytest.raises(ConfigError, match="judged is 'last' there and 'best'"):
        folder.claim(replace(tiny, judged="best"), 3)
    with pytest.raises(ConfigError, match=r"data\.folds is None there and 5"):
        folder.claim(replace(tiny, data=replace(tiny.data, folds=5)), 3)


@pytest.mark.parametrize("more", [(), SELECTION_FIELDS])
def test_history_comes_back(folder, more):
    assert folder.history() == []
    written = rows(*HISTORY_FIELDS[1:], *more)
    folder.write_history(written)
    assert folder.history() == written
    assert type(folder.history()[1]["epoch"]) is int


def test_finished_is_what_metrics_say(folder):
    assert folder.metrics() is None
    assert not folder.is_finished()
    for status in ("running", "failed", "finished"):
        folder.write_json("metrics.json", {"status": status})
        assert folder.is_finished() == (status == "finished")
