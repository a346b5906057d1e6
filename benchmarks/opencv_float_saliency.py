"""OpenCV's saliency maps of normalized float images.

    python benchmarks/opencv_float_saliency.py IMAGES --count=300 --seed=0

The official SaliencyMix code hands the detector the normalized float image.
This script runs the detector on uint8 images and on the same images as
normalized floats, and prints how much the two have in common. It then does
the same for images after RandomResizedCrop, ColorJitter and PCALighting, from
the floats of the published recipe and from those of this project, which
differ in their last bits.

IMAGES is a folder of images, searched with its subfolders, or a zip of one,
such as Tiny ImageNet's. With --document the tables are also written into that
Markdown file, between its two <!-- table --> lines; with --figure, four
images, their maps and the boxes that SaliencyMix would paste are drawn into
that file. The figure takes images that this project draws itself unless
--figure_images names others.
"""

import argparse
import os
import sys
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np
import scipy.stats
import tensorflow as tf
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import augment_tf
from augment_tf.ops import boxes
from augment_tf.ops.saliency_opencv import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    opencv_float_saliency,
    opencv_saliency,
)
from augment_tf.pca_lighting import EIGENVALUES, EIGENVECTORS
from augment_tf.saliency_mix import locate_first_maximum
from pipelines import shapes

ENDINGS = (".jpeg", ".jpg", ".png", ".bmp")
MARK = "<!-- table -->"
RANDOM_PAIRS = 1000
LAMBDA = 0.75
CROP = 224
FROM_UINT8, FROM_FLOAT = "tab:cyan", "tab:orange"


def read_images(source, count, seed):
    """Up to `count` images, uint8 (H, W, 3), drawn without replacement."""
    if source.is_dir():
        names = [path for path in source.rglob("*") if path.is_file()]
        read = Path.read_bytes
    elif zipfile.is_zipfile(source):
        archive = zipfile.ZipFile(source)
        names, read = archive.namelist(), archive.read
    else:
        raise SystemExit(f"{source} is neither a folder nor a zip file.")
    names = sorted(
        name for name in names if str(name).lower().endswith(ENDINGS)
    )
    if not names:
        raise SystemExit(f"{source} holds no file ending in {ENDINGS}.")
    chosen = np.random.default_rng(seed).permutation(len(names))[:count]
    return [
        tf.io.decode_image(
            read(names[index]), channels=3, expand_animations=False
        ).numpy()
        for index in chosen
    ]


def peak_of(saliency_map):
    return locate_first_maximum(tf.constant(saliency_map[np.newaxis])).numpy()[
        0
    ]


def compare(image):
    """The maxima (2, 2) of both maps, and the correlation of the maps."""
    from_uint8 = opencv_saliency(image).numpy()
    from_float = opencv_float_saliency(image).numpy()
    peaks = np.array([peak_of(from_uint8), peak_of(from_float)])
    if from_uint8.std() == 0 or from_float.std() == 0:
        # A flat map correlates with nothing.
        return peaks, np.nan
    correlation = np.corrcoef(from_uint8.ravel(), from_float.ravel())[0, 1]
    return peaks, correlation


def random_distance(images, generator):
    """Mean distance of two uniformly drawn pixels of the same image."""
    means = []
    for image in images:
        points = generator.uniform(size=(2, RANDOM_PAIRS, 2))
        first, second = np.floor(points * image.shape[:2])
        means.append(np.linalg.norm(first - second, axis=1).mean())
    return np.mean(means)


def other_distance(peaks, images):
    """Mean distance from the uint8 maximum to another image's float one."""
    sides = np.array([image.shape[:2] for image in images])
    others = np.roll(peaks[:, 1] / sides, 1, axis=0) * sides
    return np.linalg.norm(peaks[:, 0] - others, axis=1).mean()


def table(images, seed):
    compared = [compare(image) for image in images]
    peaks = np.array([peaks for peaks, _ in compared])
    correlations = np.array([correlation for _, correlation in compared])
    distances = np.linalg.norm(peaks[:, 0] - peaks[:, 1], axis=1)
    usable = correlations[np.isfinite(correlations)]
    random = random_distance(images, np.random.default_rng(seed))
    rows = (
        ("images", f"{len(images)}"),
        (
            "maximum at the same pixel",
            f"{np.sum(distances == 0)} of {len(images)}",
        ),
        (
            "correlation of the two maps, mean ± standard deviation",
            f"{usable.mean():.3f} ± {usable.std():.3f}",
        ),
        ("distance between the two maxima", f"{distances.mean():.1f}"),
        (
            "distance to the float maximum of another image",
            f"{other_distance(peaks, images):.1f}",
        ),
        ("distance between two random pixels", f"{random:.1f}"),
    )
    return markdown("uint8 against normalized float", rows)


def markdown(title, rows):
    lines = [f"| {title} | |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {value} |" for name, value in rows])


def published_colors(image, amounts, factors, order):
    """uint8 to normalized float32, each step as in the published recipe."""
    weights = np.float32((0.299, 0.587, 0.114))
    image = image.astype(np.float32) / np.float32(255)
    for name in order:
        other = sum(weights[i] * image[..., i : i + 1] for i in range(3))
        if name == "brightness":
            other = np.zeros_like(other)
        elif name == "contrast":
            other = other.mean()
        image = image + np.float32(amounts[name]) * (other - image)
    vectors, values = np.float32(EIGENVECTORS), np.float32(EIGENVALUES)
    image = image + (vectors * np.float32(factors) * values).sum(axis=1)
    return (image - np.float32(IMAGENET_MEAN)) / np.float32(IMAGENET_STD)


def peaks_after_colors(images, seed):
    """Rows and columns of float maxima, each (N, 2), of three kinds.

    Of the published recipe, of this project with the same draws, and of this
    project with draws of its own.
    """
    crop = augment_tf.RandomResizedCrop(CROP)
    jitter, light = augment_tf.ColorJitter(), augment_tf.PCALighting()
    detector = cv2.saliency.StaticSaliencyFineGrained_create()
    generator = np.random.default_rng(seed)
    peaks = []
    for index, image in enumerate(images):
        image = crop.apply(image[np.newaxis], (seed, index))
        drawn = [
            layer.get_random_transformation(image, (index, number))
            for number, layer in enumerate((jitter, light))
        ]
        published = published_colors(
            image[0].numpy(),
            {name: amount[0] for name, amount in drawn[0].items()},
            drawn[1]["factors"][0],
            generator.permutation(list(drawn[0])),
        )
        found = detector.computeSaliency(published)[1]
        ours = jitter.transform_images(image, drawn[0])
        ours = light.transform_images(ours, drawn[1])
        others = light.apply(jitter.apply(image, (index, 2)), (index, 3))
        maps = (opencv_float_saliency(floats)[0] for floats in (ours, others))
        maps = (np.rint(found * 255).astype(np.uint8), *maps)
        peaks.append([peak_of(np.asarray(found)) for found in maps])
    return np.swapaxes(peaks, 0, 1)


def color_table(images, seed):
    published, ours, others = peaks_after_colors(images, seed)
    same = np.sum(np.all(published == ours, axis=1))
    rows = [
        ("images", f"{len(images)}"),
        ("same draws: maximum at the same pixel", f"{same} of {len(images)}"),
    ]
    for axis, name in enumerate(("rows", "columns")):
        test = scipy.stats.ks_2samp(published[:, axis], others[:, axis])
        rows.append(
            (
                f"other draws: distributions of {name}, largest distance (p)",
                f"{test.statistic:.3f} ({test.pvalue:.2f})",
            )
        )
    return markdown("published recipe against this project", rows)


def write_table(document, text):
    parts = document.read_text().split(MARK)
    if len(parts) != 3:
        raise SystemExit(f"{document} needs two lines {MARK} for the table.")
    parts[1] = f"\n{text}\n"
    document.write_text(MARK.join(parts))


def box_around(peak, image):
    height, width = image.shape[:2]
    return boxes.place_centered(
        rows=peak[:1],
        columns=peak[1:],
        lambdas=tf.constant([LAMBDA], tf.float64),
        height=height,
        width=width,
    ).numpy()[0]


def draw_box(axes, peak, image, color):
    top, left, bottom, right = box_around(peak, image)
    size = right - left, bottom - top
    corner = left - 0.5, top - 0.5
    axes.add_patch(
        Rectangle(corner, *size, fill=False, edgecolor=color, linewidth=2)
    )


def draw_figure(images):
    """A row of image, both maps and the boxes for each image."""
    titles = (
        "image",
        "map from uint8",
        "map from normalized float",
        f"boxes at $\\lambda$ = {LAMBDA}",
    )
    figure = Figure(figsize=(8, 2.1 * len(images)), dpi=110)
    rows = figure.subplots(len(images), 4, squeeze=False)
    for image, row in zip(images, rows, strict=True):
        maps = (opencv_saliency(image), opencv_float_saliency(image))
        row[0].imshow(image)
        row[3].imshow(image)
        for axes, found, color in zip(
            row[1:3], maps, (FROM_UINT8, FROM_FLOAT), strict=True
        ):
            peak = peak_of(found.numpy())
            axes.imshow(found, cmap="gray", vmin=0, vmax=255)
            axes.plot(peak[1], peak[0], "+", color=color, ms=14, mew=2.5)
            draw_box(row[3], peak, image, color)
    for axes, title in zip(rows[0], titles, strict=True):
        axes.set_title(title, fontsize=10)
    for axes in rows.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    figure.tight_layout(pad=0.4)
    return figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("images", type=Path, help="a folder or a zip file")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--document", type=Path, help="a Markdown file")
    parser.add_argument("--figure", type=Path, help="an image file")
    parser.add_argument("--figure_images", type=Path, help="a folder or a zip")
    arguments = parser.parse_args()
    images = read_images(arguments.images, arguments.count, arguments.seed)
    text = table(images, arguments.seed)
    text += "\n\n" + color_table(images, arguments.seed)
    print(text)
    if arguments.document:
        write_table(arguments.document, text)
    if arguments.figure:
        if arguments.figure_images:
            shown = read_images(arguments.figure_images, 4, arguments.seed)
        else:
            shown = np.empty((4, 64, 64, 3), np.uint8)
            shapes.Shapes().split("train").decode_into(shown, range(4))
        draw_figure(shown).savefig(arguments.figure)


if __name__ == "__main__":
    main()
