"""A folder stays that of its config; its files are whole or not there."""

import pytest

from pipelines.files.claimed_folder import ClaimedFolder


class Refused(Exception):
    pass


class Folder(ClaimedFolder):
    error = Refused
    if_full = "Make room."
    if_claimed = "Go elsewhere"


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "new" / "folder")


def test_the_same_config_is_let_in(folder):
    # As JSON reads it back: tuples are lists.
    folder.check_claim(
        {"sides": [8, 9], "seed": 1}, {"sides": (8, 9), "seed": 1}
    )


def test_another_config_is_refused_in_one_line(folder):
    here = {"seed": 1, "operations": {"rotate": {"degrees": (-8, 8)}}}
    there = {"seed": 1, "operations": {"rotate": {"degrees": [-8, 9]}}}
    with pytest.raises(Refused) as caught:
        folder.check_claim(there, here, "recipe")
    assert str(caught.value) == (
        f"{folder.path} was made with another recipe: "
        "operations.rotate.degrees.1 is 9 there and 8 here. Go elsewhere, or "
        "remove that folder."
    )


def test_json_comes_back(folder):
    assert folder.read_json("a.json") is None
    folder.write_json("a.json", {"a": (1, None)})
    assert folder.read_json("a.json") == {"a": [1, None]}
    (folder / "a.json").write_text('{"a": [1')
    with pytest.raises(Refused, match=r"cannot read .*a\.json: .*Mend or rem"):
        folder.read_json("a.json")


def test_a_write_that_fails_leaves_the_file_as_it_was(folder):
    folder.write_json("a.json", {"a": 1})

    def write(path):
        path.write_text("half of i")
        raise OSError(28, "No space left on device")

    with pytest.raises(
        Refused, match=r"cannot write .*a\.json: No space.*room"
    ):
        folder.replace("a.json", write)
    assert folder.read_json("a.json") == {"a": 1}
    assert [path.name for path in folder.path.iterdir()] == ["a.json"]


def test_what_cannot_be_json_leaves_the_file_as_it_was(folder):
    folder.write_json("a.json", {"a": 1})
    with pytest.raises(TypeError):
        folder.write_json("a.json", {"a": object()})
    assert folder.read_json("a.json") == {"a": 1}
