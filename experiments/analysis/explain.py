"""Explains images of the user by one network or several."""

from pathlib import Path

import numpy as np

from experiments.analysis.explanations import explain_images
from experiments.analysis.feature_maps import list_maps, locate_map
from experiments.analysis.network import load_trained
from experiments.analysis.user_images import (
    locate_images,
    print_notes,
    read_images,
    select_read,
)
from experiments.errors import ConfigError
from experiments.formatting import markdown_table
from experiments.plots.explanations import Column, plot_overlays
from experiments.plots.names import drawable, short_names
from experiments.report.wording import Names
from experiments.run_folder import OutFolder
from pipelines.errors import DataError
from pipelines.loading import LoadedSplit

# Images in the picture; the file of arrays has all.
_SHOWN = 8
# A feature map with fewer values along a side shows little; the papers'
# networks have so many.
_FINE = 7


def explain(run_dirs, images, path, layer=None):
    """Draws the evidence for networks' predictions, side by side.

    Writes a picture as PNG and PDF, and all arrays as .npz: `files`, and of
    each run, counted from 0, `N.images` as the network gets them, `N.classes`,
    `N.probabilities`, and `N.METHOD`, a map an image.

    Args:
        run_dirs: Folders of finished runs.
        images: An image file of any kind that training reads, or a folder
            with some in it, however deep.
        path: PNG file; the others are beside it.
        layer: Name of the layer that Grad-CAM looks at, see
            `feature_maps.locate_map`; None: the last with a feature map.

    Raises:
        ConfigError: as `network.load_trained`, or for an unknown layer, or if
            `path` does not end in .png, or one of the three is no file or
            cannot be written.
        DataError: if there are no images, or none can be read.
    """
    path = Path(path)
    if path.suffix != ".png":
        raise ConfigError(
            f"--out expects a file that ends in .png; a .pdf and an .npz go "
            f"beside it. Received: {path}."
        )
    for each in map(path.with_suffix, (".png", ".pdf", ".npz")):
        if each.exists() and not each.is_file():
            raise ConfigError(
                f"{each} is no file, and with --explain three are written "
                "side by side. Choose another --out."
            )
    runs = [load_trained(each) for each in run_dirs]
    paths = locate_images(Path(images))
    found = []
    for trained in runs:
        pixels, inspections = read_images(
            paths, trained.experiment.data.stored_size
        )
        files = select_read(inspections)
        if not files:
            raise DataError(f"none of the images in {images} can be read.")
        split = LoadedSplit(pixels, np.zeros(len(files), np.int32))
        found.append(explain_images(trained, split, layer=layer))
        _note_size(trained, found[-1].images, layer)
    print_notes(inspections)
    titles = _titles(runs)
    print(*markdown_table(_rows(titles, found)), sep="\n")
    figure = plot_overlays(
        _columns(runs, titles, found, files),
        "Evidence for the class below; each map to its own maximum",
    )
    _write(path, figure, files, found)
    shown = f", of which {_SHOWN} are drawn" if len(files) > _SHOWN else ""
    print(
        f"{len(files):,} images{shown}: {path}, {path.stem}.pdf, "
        f"{path.stem}.npz",
        flush=True,
    )


def _note_size(trained, images, layer):
    """Prints a note if Grad-CAM's map is coarse, with a finer layer."""
    pixels = images[:1].astype(np.float32)
    used = locate_map(trained.network, pixels, layer)
    if min(used.size) >= _FINE:
        return
    finer = [
        each
        for each in list_maps(trained.network, pixels)
        if min(each.size) >= _FINE
    ]
    better = (
        f"; --layer={finer[-1].path} has {_format_size(finer[-1].size)}"
        if finer
        else ""
    )
    print(
        f"note: Grad-CAM of {trained.title} is brought up from the "
        f"{_format_size(used.size)} values of {used.path}{better}",
        flush=True,
    )


def _format_size(size):
    return " x ".join(map(str, size))


def _titles(runs):
    titles = [trained.title for trained in runs]
    if len(set(titles)) < len(titles):
        titles = [str(trained.folder.path) for trained in runs]
    return list(map(Names(titles), titles))


def _rows(titles, found):
    """Builds the table of mean scores, a row for each run and method."""
    return [
        {
            "run": title,
            "method": method,
            "deletion (low is good)": f"{deletion.mean():.3f}",
            "insertion (high is good)": f"{insertion.mean():.3f}",
        }
        for title, explained in zip(titles, found, strict=True)
        for method, (deletion, insertion) in explained.scores.items()
    ]


def _columns(runs, titles, found, files):
    shown = slice(_SHOWN)
    columns = [
        Column(
            "image",
            found[0].images[shown],
            None,
            [_short(file.name) for file in files[shown]],
        )
    ]
    for trained, title, explained in zip(runs, titles, found, strict=True):
        names = drawable(short_names(trained.class_names))
        captions = [
            f"{probability:.2f} {_short(names[label])}"
            for label, probability in zip(
                explained.classes[shown],
                explained.probabilities[shown],
                strict=True,
            )
        ]
        columns += [
            Column(
                f"{title}\n{method}",
                explained.images[shown],
                maps[shown],
                captions,
            )
            for method, maps in explained.maps.items()
        ]
    return columns


def _short(text):
    """Shortens a text to fit below an image."""
    return text if len(text) <= 18 else f"{text[:15]}..."


def _write(path, figure, files, found):
    arrays = {"files": np.array(list(map(str, files)))}
    for number, explained in enumerate(found):
        arrays |= {
            f"{number}.images": explained.images,
            f"{number}.classes": explained.classes,
            f"{number}.probabilities": explained.probabilities,
            **{f"{number}.{k}": maps for k, maps in explained.maps.items()},
        }
    folder = OutFolder(path.parent)
    folder.replace(
        path.name, lambda new: figure.savefig(new, format="png", dpi=160)
    )
    # Laid out once is enough.
    figure.set_layout_engine("none")
    folder.replace(
        f"{path.stem}.pdf", lambda new: figure.savefig(new, format="pdf")
    )
    folder.replace(
        f"{path.stem}.npz", lambda new: np.savez_compressed(new, **arrays)
    )
