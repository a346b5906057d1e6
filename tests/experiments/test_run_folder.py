"""The files of a run, and the check of the run that a folder holds."""

from dataclasses import replace

import pytest

from experiments.errors import ConfigError
from experiments.run_folder import (
    HISTORY_FIELDS,
    SELECTION_FIELDS,
    RunFolder,
    build_config,
    locate_difference,
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
    folder.check_config(tiny, 3)
    folder.claim(tiny, 3)
    folder.check_config(tiny, 3)
    with pytest.raises(ConfigError) as caught:
        folder.check_config(replace(tiny, epochs=9), 3)
    assert str(caught.value) == (
        f"{folder.path} was made with another config: epochs is 2 there and 9 "
        "here. That cannot be longer, as the cosine schedule depends on the "
        "number of epochs. Choose another --workdir, or remove that folder."
    )
    for experiment, seed, message in (
        (tiny, 4, "seed is 3 there and 4 here"),
        (replace(tiny, epochs=1), 3, "epochs is 2 there and 1 here"),
        (replace(tiny, judged="best"), 3, "judged is 'last' there and 'best'"),
        (
            replace(tiny, data=replace(tiny.data, folds=5)),
            3,
            r"data\.folds is None there and 5",
        ),
    ):
        with pytest.raises(ConfigError, match=message):
            folder.check_config(experiment, seed)


@pytest.mark.parametrize("status", ["running", "finished"])
def test_a_run_may_become_longer_if_its_first_epochs_stay(folder, tiny, status):
    constant = replace(
        tiny, optimizer=replace(tiny.optimizer, schedule="constant")
    )
    folder.claim(constant, 3)
    folder.write_json("metrics.json", {"status": status})
    longer = replace(constant, epochs=9)
    folder.check_config(longer, 3)
    folder.claim(longer, 3)
    assert folder.read_json("config.json")["epochs"] == 9
    assert not folder.is_finished()
    unmixed = RunFolder(folder.path / "unmixed")
    unmixed.claim(replace(constant, unmixed_epochs=1), 3)
    with pytest.raises(ConfigError, match="counts from the last epoch"):
        unmixed.check_config(replace(longer, unmixed_epochs=1), 3)


def test_an_unfinished_run_may_move_if_allowed(folder, tiny):
    folder.claim(tiny, 3)
    moved = replace(tiny, precision="mixed_float16")
    with pytest.raises(ConfigError, match="precision is 'auto'.*--allow_moved"):
        folder.check_config(moved, 3)
    folder.check_config(moved, 3, may_move=True)
    with pytest.raises(ConfigError, match="was made with another config"):
        folder.check_config(moved, 4, may_move=True)


def test_checkpoints_of_a_moved_or_shorter_run_are_of_this_one(tiny):
    config = build_config(tiny, 3)
    assert locate_difference(config, build_config(tiny, 3)) is None
    moved = replace(tiny, precision="mixed_float16", epochs=9)
    assert locate_difference(config, build_config(moved, 3)) is None
    other = build_config(replace(tiny, ema=0.5), 3)
    assert locate_difference(config, other) == ("ema", None, 0.5)


FOREIGN = {
    "config.json": b'{"name": 3}',
    "data.json": b'{"class_names": [1]}',
    "environment.json": b'{"earlier_parts": [4]}',
    "metrics.json": b'{"status": [1]}',
    "tracking.json": b'{"mlflow": "1"}',
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("damage", ["empty", "cut", "no object", "foreign"])
def test_a_damaged_file_is_one_line(folder, name, damage):
    folder.write_json(name, {"precision": "float32"})
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(
        {
            "empty": b"",
            "cut": content[: len(content) // 2],
            "no object": b"[1, 2]",
            "foreign": FOREIGN[name],
        }[damage]
    )
    with pytest.raises(ConfigError) as caught:
        folder.read_json(name)
    assert str(caught.value).startswith(f"cannot read {folder / name}: ")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n", b"epoch,loss\n0\n", b"epoch\nx\n"]
)
def test_a_damaged_history_is_an_error(folder, content):
    folder.write_history([])
    (folder / "history.csv").write_bytes(content)
    with pytest.raises((ValueError, TypeError)):
        folder.history()


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


def test_the_files_of_a_run_that_diverged_are_read(folder):
    epoch = {"val_accuracy": 0.2, "val_loss": float("nan")}
    folder.write_json("metrics.json", {"status": "failed", "final": epoch})
    assert folder.status() == "failed"
