"""--explain, from run folders to a picture and its arrays."""

import os

import numpy as np
import PIL.Image
import pytest

from experiments.analysis.attribution import METHODS
from experiments.analysis.explain import explain
from experiments.analysis.network import load_trained
from experiments.errors import ConfigError
from pipelines.errors import DataError


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in ("a.png", "b$c$.bmp"):
        pixels = random.integers(0, 256, (20, 30, 3), np.uint8)
        PIL.Image.fromarray(pixels).save(folder / name)
    (folder / "bad.jpg").write_bytes(b"no image")
    dark = np.full((20, 30), 4095, np.uint16)
    PIL.Image.fromarray(dark).save(folder / "c.png")
    return folder


def test_a_picture_and_its_arrays(trained, photos, tmp_path, capsys):
    path = tmp_path / "new" / "it.png"
    explain([trained.path, trained.path], photos, path)
    with PIL.Image.open(path) as image:
        assert len(np.unique(np.array(image).reshape(-1, 4), axis=0)) > 100
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as file:
        arrays = dict(file)
    assert [name.rpartition("/")[2] for name in arrays["files"]] == [
        "a.png",
        "b$c$.bmp",
        "c.png",
    ]
    network = load_trained(trained.path)
    said = network.predict_probabilities(arrays["0.images"]).numpy()
    np.testing.assert_array_equal(arrays["0.classes"], said.argmax(1))
    np.testing.assert_allclose(arrays["0.probabilities"], said.max(1), 1e-5)
    for method in METHODS:
        assert arrays[f"0.{method}"].shape == (3, 16, 16)
        np.testing.assert_array_equal(
            arrays[f"0.{method}"], arrays[f"1.{method}"]
        )
    printed = capsys.readouterr().out
    for text in (*METHODS, "random order", "cannot read", "bad.jpg"):
        assert text in printed
    assert printed.count("1 image of 16 bits that use 12 at most") == 1
    # Of the tiny network's last map.
    assert "4 x 4 values" in printed
    assert "--layer=" in printed


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"layer": "nothing"}, ConfigError, "no layer 'nothing'"),
        ({"path": "it.jpg"}, ConfigError, r"ends in \.png"),
        ({"images": "missing"}, DataError, "expected an image"),
        ({"images": "photos/bad.jpg"}, DataError, "none of the images"),
        ({"run_dirs": ["photos"]}, ConfigError, "folder of a finished run"),
    ],
)
def test_refuses(trained, photos, tmp_path, options, error, message):
    given = {"run_dirs": [trained.path], "images": "photos", "path": "it.png"}
    given |= options
    for name in ("images", "path"):
        given[name] = tmp_path / given[name]
    if "run_dirs" in options:
        given["run_dirs"] = [tmp_path / each for each in given["run_dirs"]]
    with pytest.raises(error, match=message):
        explain(**given)
    assert not list(tmp_path.glob("it.*"))


@pytest.mark.parametrize("name", ["it.png", "it.pdf", "it.npz"])
def test_a_pipe_is_refused_and_left_alone(tmp_path, name):
    pipe = tmp_path / name
    os.mkfifo(pipe)
    with pytest.raises(ConfigError, match=rf"{name} is no file.*three"):
        explain(["unused"], tmp_path, tmp_path / "it.png")
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert pipe.is_fifo()
