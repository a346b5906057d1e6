"""Drawn data sets that tests of several files share."""

import io
import zipfile

import numpy as np
import PIL.Image
import pytest

from pipelines.location import Location

ROOT = "tiny-imagenet-200/"


def gray_jpeg(value):
    buffer = io.BytesIO()
    PIL.Image.new("L", (64, 64), value).save(buffer, "JPEG", quality=100)
    return buffer.getvalue()


def files_of(wnids, train, val):
    """{name in the archive: bytes}; see `make_tiny_imagenet`."""
    words = [f"{w}\tword of {w}, and more" for w in [*wnids, "n999"]]
    files = {
        "wnids.txt": "\n".join(wnids) + "\n",
        "words.txt": "\n".join(words) + "\n",
    }
    annotations = []
    for label, wnid in enumerate(sorted(wnids)):
        for number in range(train):
            name = f"train/{wnid}/images/{wnid}_{number}.JPEG"
            files[name] = gray_jpeg(80 * label + number)
        for number in range(val):
            name = f"val_{number * len(wnids) + label}.JPEG"
            files["val/images/" + name] = gray_jpeg(80 * label + 40 + number)
            annotations.append(f"{name}\t{wnid}\t0\t0\t62\t62")
    # Neither by class nor by number, as in the real archive.
    lines = annotations[1::2][::-1] + annotations[::2]
    files["val/val_annotations.txt"] = "\n".join(lines) + "\n"
    return files


def write_tiny_imagenet(
    path, wnids=("n300", "n100", "n200"), train=12, val=4, changes=None
):
    path.parent.mkdir(exist_ok=True)
    files = files_of(wnids, train, val) | (changes or {})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            if data is not None:
                file.writestr(ROOT + name, data)
    return path


@pytest.fixture
def make_tiny_imagenet(tmp_path):
    """Function that writes a small Tiny ImageNet as a zip file.

    An image's gray value tells its class (80 times the label) and number;
    validation images have 40 more. Its arguments: `path`, the wnids, train
    and val images of a class, and `changes`: {name: bytes, or None to leave
    that file out}.
    """

    def make(path=tmp_path / "data" / "tiny-imagenet-200.zip", **options):
        return write_tiny_imagenet(path, **options)

    return make


@pytest.fixture(scope="session")
def tiny_imagenet(tmp_path_factory):
    """Location of a small Tiny ImageNet; prepared once, only to be read."""
    folder = tmp_path_factory.mktemp("tiny")
    return Location(write_tiny_imagenet(folder / "tiny-imagenet-200.zip"))


def noise_png(seed, size=(12, 9)):
    """A PNG file of noise: no two seeds give the same pixels."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (*size[::-1], 3), "uint8")
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def pictures():
    """{path: bytes} of 20 cats and 10 dogs, without parts."""
    names = [f"cats/cat_{n}.png" for n in range(20)]
    names += [f"dogs/dog_{n}.png" for n in range(10)]
    return {name: noise_png(seed) for seed, name in enumerate(names)}


@pytest.fixture(scope="session")
def write_tree():
    """Function that writes {path: bytes} below a folder."""

    def write(root, files):
        for name, data in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return root

    return write


@pytest.fixture(scope="session")
def write_zip():
    """Function that writes {path: bytes} to a zip file."""

    def write(path, files):
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path

    return write


@pytest.fixture(scope="session")
def draw_image():
    """Function that writes a smooth image of a seed to a file."""

    def draw(path, seed, mode="RGB", size=(48, 36)):
        pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3))
        image = PIL.Image.fromarray(pixels.astype(np.uint8)).resize(size)
        path.parent.mkdir(parents=True, exist_ok=True)
        image.convert(mode).save(path)

    return draw
