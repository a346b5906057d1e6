"""A picture of what the network is shown."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

_SHOWN = 8


def plot_samples(batches, class_names, path):
    """Draws the first images of the first batch with their labels.

    Args:
        batches: A data set of (images in [0, 255], labels (B, K)).
        class_names: Names of the K classes.
        path: The PNG file.
    """
    images, labels = next(iter(batches.take(1).as_numpy_iterator()))
    figure, axes = plt.subplots(
        2, _SHOWN // 2, figsize=(9, 5.4), layout="constrained"
    )
    for cell in axes.flat:
        cell.axis("off")
    for cell, image, label in zip(axes.flat, images, labels, strict=False):
        # Float augmentations may leave the range that can be shown.
        cell.imshow(np.clip(np.round(image), 0, 255).astype(np.uint8))
        cell.set_title(_title(label, class_names), fontsize=8)
    figure.suptitle("Training images as the network sees them", fontsize=10)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _title(label, class_names):
    """For example "0.62 ring\\n0.38 disk"; the weight is left out if 1."""
    heaviest = np.argsort(-label, kind="stable")[:2]
    parts = [
        (label[index], class_names[index].split(",")[0])
        for index in heaviest
        if label[index] > 0
    ]
    if len(parts) == 1:
        return parts[0][1]
    return "\n".join(f"{weight:.2f} {name}" for weight, name in parts)
