"""The gallery has a row for each layer, drawn by the layers as they are."""

import importlib.util
import inspect
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import augment_tf

DOCS = Path(__file__).parents[2] / "docs"
# Mean difference of values. Measured for the rows below: 3.9 to 5.2, and 6.5 to
# 32 for the same layers with other arguments.
LOSS_OF_WEBP = 6


@pytest.fixture(scope="module")
def gallery():
    path = DOCS / "draw_gallery.py"
    spec = importlib.util.spec_from_file_location("draw_gallery", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def layers(gallery):
    rows = [layer for group in gallery.GROUPS.values() for layer in group]
    return {type(layer).__name__: layer for layer in rows}


@pytest.fixture(scope="module")
def originals(gallery):
    return gallery.load_originals()


def test_every_public_layer_has_a_row_and_a_picture(layers):
    public = {
        name
        for name in augment_tf.__all__
        if inspect.isclass(getattr(augment_tf, name))
    }
    assert set(layers) == public - {"Augmentation"}
    pictures = {path.stem for path in (DOCS / "gallery").iterdir()}
    assert set(layers) == pictures


def test_rows_are_in_the_order_of_the_table_of_layers(layers):
    table = re.findall(r"^\| (`.*?) \|", (DOCS / "layers.md").read_text(), re.M)
    listed = re.findall(r"`(\w+)`", " ".join(table))
    assert [name for name in layers if name in listed] == listed


def test_the_page_is_the_one_that_the_program_writes(gallery):
    page = (DOCS / "gallery.md").read_text()
    assert gallery.format_page(page) == page


def test_labels_are_calls_that_make_the_layers(gallery, layers):
    for name, layer in layers.items():
        label = gallery.format_layer(name, layer.get_config())
        made = eval(label, vars(augment_tf))
        assert gallery.format_layer(name, made.get_config()) == label


@pytest.mark.parametrize("name", ["RandomFlip", "Solarize", "MixUp"])
def test_pictures_show_the_layers_as_they_are(name, gallery, layers, originals):
    drawn = np.asarray(gallery.draw_picture(layers[name], originals))
    shown = Image.open(DOCS / "gallery" / f"{name}.webp")
    difference = np.abs(drawn.astype(int) - np.asarray(shown.convert("RGB")))
    assert difference.mean() < LOSS_OF_WEBP


def test_drawing_again_gives_the_same_bytes(gallery, layers, originals):
    first, second = (
        gallery.encode(gallery.draw_picture(layers["ResizeMix"], originals))
        for _ in range(2)
    )
    assert first == second
    assert Image.open(io.BytesIO(first)).format == "WEBP"


def test_labels_of_mixing_layers_tell_how_much_of_each_image(
    gallery, layers, originals
):
    for images, labels in gallery.draw(layers["MixUp"], originals):
        expected = np.tensordot(labels, originals.astype(float), axes=1)
        assert np.allclose(images, expected, atol=0.51)
        assert (labels.max(axis=1) < 0.98).all()
