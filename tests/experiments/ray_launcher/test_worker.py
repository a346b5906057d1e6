"""The files that a node sends if it does not share the workdir."""

import filecmp
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "ray", reason="Ray is not installed; see requirements-ray.txt"
)
from experiments.ray_launcher.worker import read_files, write_files
from experiments.run_folder import RunFolder


def test_tensorflow_waits_for_its_settings():
    """Processes of Ray import the file first."""
    code = (
        "import sys, experiments.ray_launcher.worker; "
        "assert 'keras' not in sys.modules; "
        "assert 'tensorflow' not in sys.modules"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


def test_files_arrive_as_they_were(make_run, tmp_path):
    there = make_run("a")
    (there / "logs" / "train").mkdir(parents=True)
    (there / "logs" / "train" / "events").write_bytes(b"\0\xff")
    (there / "checkpoint.npz").write_bytes(b"large")
    copy = RunFolder(tmp_path / "copy" / "a" / "seed_0")
    write_files(copy, read_files(there))
    assert copy.is_finished()
    compared = filecmp.dircmp(there.path, copy.path)
    assert compared.left_only == ["checkpoint.npz"]
    assert compared.right_only == []
    assert compared.diff_files == []
    assert (copy / "logs" / "train" / "events").read_bytes() == b"\0\xff"


def test_a_run_is_finished_once_all_of_it_has_arrived(make_run, tmp_path):
    files = read_files(make_run("a"))
    copy = RunFolder(tmp_path / "copy" / "a" / "seed_0")
    # A name that no file can have: the disk is full, so to speak.
    files["x" * 1000] = b""
    with pytest.raises(copy.error, match="cannot write"):
        write_files(copy, files)
    assert not copy.is_finished()
