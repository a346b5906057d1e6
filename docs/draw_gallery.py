"""Draws docs/gallery.md and its pictures: every layer, on the same images.

    python docs/draw_gallery.py

It takes about half a minute and needs no download: two images are drawn, and
scikit-learn brings two photographs. On one machine it writes the same bytes
each time. A new layer needs an entry in `GROUPS`.
"""

import inspect
import io
import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_sample_images

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

# Before TensorFlow is imported, which would log lines about processors.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import augment_tf as aug  # noqa: E402
from pipelines import shapes  # noqa: E402

SIDE = 112
DRAWS = 3
# In the order of docs/layers.md.
GROUPS = {
    "Crops, flips and geometry": [
        aug.RandomCrop(padding=14),
        aug.RandomFlip(),
        aug.RandomResizedCrop(SIDE),
        aug.RandomAffine(translate=0.1, scale=(0.7, 1.3), shear=10.0),
    ],
    "Colors": [
        aug.ColorJitter(),
        aug.RandomHue(),
        aug.RandomChannelShift(),
        aug.ChannelShuffle(),
        aug.PCALighting(std=0.3),
        aug.AutoContrast(),
        aug.Equalize(),
        aug.Posterize(bits=2),
        aug.Solarize(),
        aug.Sharpness(),
        aug.RandomGrayscale(probability=0.5),
    ],
    "Blur": [aug.GaussianBlur(probability=1.0)],
    "Parts covered": [
        aug.RandomErasing(probability=1.0),
        aug.Cutout(),
        aug.GridMask(),
    ],
    "Two images mixed": [
        aug.CutMix(),
        aug.MixUp(),
        aug.ResizeMix(),
        aug.FMix(),
        aug.SaliencyMix(),
    ],
    "Policies": [
        aug.RandAugment(),
        aug.TrivialAugmentWide(),
        aug.AutoAugment(),
        aug.AugMix(),
    ],
    "Layers combined": [
        aug.Sequence([aug.RandomFlip(), aug.ColorJitter(), aug.CutMix()]),
        aug.OneOf([aug.CutMix(), aug.MixUp()]),
        aug.RandomApply(aug.GridMask()),
    ],
}
NAMES = ("china", "flower", "right arrow", "left hook")
MARK = "<!-- gallery -->"
# Pixels between tiles, and below them for two lines of text.
GAP = 4
CAPTION = 30


def load_originals():
    """Loads two photographs and draws two shapes, uint8 (4, SIDE, SIDE, 3)."""
    photographs = [_crop(photo) for photo in load_sample_images().images]
    drawn = [
        shapes.draw(shapes.CLASS_NAMES.index(name), SIDE, [0, number])
        for number, name in enumerate(NAMES[2:])
    ]
    return np.stack(photographs + drawn)


def _crop(photo):
    height, width, _ = photo.shape
    left = (width - height) // 2
    square = Image.fromarray(photo).crop((left, 0, left + height, height))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def draw(layer, images):
    """Applies a layer several times.

    Args:
        layer: An `augment_tf.Augmentation`.
        images: As of `load_originals`.

    Returns:
        A list of pairs: images (4, SIDE, SIDE, 3) and labels float (4, 4), of
        `NAMES`. Seeds are (0, 0), (0, 1) and so on. A layer that mixes skips
        those in which an image stays as it is, since four images are often
        their own partners.
    """
    one_hot = np.eye(len(images), dtype=np.float32)
    drawn, seed = [], 0
    while len(drawn) < DRAWS:
        changed, labels = layer.apply((images, one_hot), (0, seed))
        changed, labels = np.asarray(changed), np.asarray(labels)
        if not layer.mixes_labels or labels.max() < 0.98:
            drawn.append((changed, labels))
        seed += 1
    return drawn


def draw_picture(layer, images):
    """Draws a row of the gallery.

    Returns:
        A `PIL.Image`: two lines of tiles, photographs above shapes. Each image
        comes first, followed by its draws. Below them stand their labels if
        the layer mixes these.
    """
    one_hot = np.eye(len(images), dtype=np.float32)
    columns = [(images, one_hot), *draw(layer, images)]
    step = SIDE + GAP
    height = step + (CAPTION if layer.mixes_labels else 0)
    half = len(columns) * step + 3 * GAP
    picture = Image.new("RGB", (2 * half - 4 * GAP, 2 * height - GAP), "white")
    for number in range(len(images)):
        for column, (changed, labels) in enumerate(columns):
            # A wider gap after the original, and between the two halves.
            left = number % 2 * half + column * step + (GAP if column else 0)
            top = number // 2 * height
            tile = np.clip(np.round(changed[number]), 0, 255).astype(np.uint8)
            picture.paste(Image.fromarray(tile), (left, top))
            if layer.mixes_labels:
                _write(picture, (left, top + SIDE), labels[number])
    return picture


def _write(picture, corner, label):
    order = np.argsort(-label, kind="stable")
    lines = [f"{label[i]:.0%} {NAMES[i]}" for i in order if label[i] > 0.005]
    ImageDraw.Draw(picture).multiline_text(
        corner,
        "\n".join(lines[:2]),
        fill="black",
        font=ImageFont.load_default(11),
        spacing=2,
    )


def format_layer(name, config):
    """Formats a layer as the call that makes it, with all its arguments.

    Args:
        name: Of its class.
        config: As of `get_config`.

    Example:

    >>> format_layer("CutMix", aug.CutMix(alpha=0.5).get_config())
    'CutMix(alpha=0.5, probability=1.0)'
    """
    parameters = inspect.signature(getattr(aug, name).__init__).parameters
    given = [
        f"{key}={_format(config[key])}"
        for key in parameters
        if key in config and key != "seed"
    ]
    return f"{name}({', '.join(given)})"


def _format(argument):
    if isinstance(argument, aug.Augmentation):
        return format_layer(type(argument).__name__, argument.get_config())
    if isinstance(argument, dict):
        return format_layer(argument["class_name"], argument["config"])
    if isinstance(argument, list):
        return f"[{', '.join(map(_format, argument))}]"
    if isinstance(argument, tuple):
        return f"({', '.join(map(_format, argument))})"
    if isinstance(argument, float):
        return repr(round(argument, 4))
    return repr(argument)


def format_page(page):
    """Replaces all below the mark of a page, a text, by the layers' rows."""
    before, mark, _ = page.partition(MARK)
    return f"{before}{mark}\n\n" + "\n".join(
        _format_group(title, layers) for title, layers in GROUPS.items()
    )


def _format_group(title, layers):
    rows = [f"## {title}\n"]
    for layer in layers:
        name = type(layer).__name__
        summary = inspect.getdoc(type(layer)).splitlines()[0]
        call = format_layer(name, layer.get_config())
        rows.append(f"### {name}\n\n{summary}\n\n`{call}`\n")
        rows.append(f"![Images before and after {name}](gallery/{name}.webp)\n")
    return "\n".join(rows)


def encode(picture):
    """Encodes a `PIL.Image` as WebP; a whole gallery has 1.3 MB."""
    memory = io.BytesIO()
    picture.save(memory, "webp", quality=80, method=6)
    return memory.getvalue()


def main():
    """Writes the page and all pictures."""
    folder = DOCS / "gallery"
    for old in folder.glob("*.webp"):
        old.unlink()
    images = load_originals()
    for layer in (layer for layers in GROUPS.values() for layer in layers):
        picture = encode(draw_picture(layer, images))
        (folder / f"{type(layer).__name__}.webp").write_bytes(picture)
    page = DOCS / "gallery.md"
    page.write_text(format_page(page.read_text()))


if __name__ == "__main__":
    main()
