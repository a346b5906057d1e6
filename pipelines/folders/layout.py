"""Classes and parts of image files, by the names of their folders.

CLASS/FILE; PART/CLASS/FILE or CLASS/PART/FILE if the data comes split; each
also with folders around all of it, or a folder `images` inside each class. If
the folders can be read in two ways, the error shows both.
"""

import unicodedata
from dataclasses import dataclass, field
from typing import NamedTuple

from pipelines.errors import DataError
from pipelines.files.names import (
    SUFFIXES,
    escape_name,
    explain_no_image,
    is_part_rather_than_class,
    join_names,
    read_part,
    summarize,
)
from pipelines.folders.tree import (
    DEEPEST,
    group_by_part,
    locate_example,
    make_tree,
    select_files,
    select_folders,
    squeeze,
)


class Entry(NamedTuple):
    """One image file; `split` is "" if the files are not split."""

    split: str
    class_name: str
    file: str

    @property
    def path(self):
        return "/".join(filter(None, self))


@dataclass
class Layout:
    """Files by part and class.

    Attributes:
        names: {Entry: name of the file}, sorted by entry; their splits are of
            `pipelines.files.names.PARTS`.
        unused: {name of a file: reason why it is not used}.
        notes: Sentences on the labels, if they are of a file.
    """

    names: dict
    unused: dict
    notes: list = field(default_factory=list)


def arrange(names, origin, folders=(), left_out=None):
    """Builds the `Layout` of files.

    Args:
        names: Of the files, with "/" between folders.
        origin: Place that the names are relative to, for messages.
        folders: Names of folders; empty ones may be classes by mistake.
        left_out: {name: reason} of files that were left out before.

    Raises:
        DataError: if there are no images, or if the folders do not tell the
            classes.
    """
    images, unused = select_images(names, left_out)
    if not images:
        received = f" ({summarize(unused)})" if unused else ""
        raise DataError(
            f"{origin}: expected images as CLASS/FILE or PART/CLASS/FILE "
            f"({', '.join(SUFFIXES)}). Received: no images{received}."
        )
    return _Reader(origin, unused).read(make_tree(images, folders, origin))


def select_images(names, left_out=None):
    """Selects the names of images; returns them and {other name: reason}."""
    unused = dict(left_out or {})
    for name in names:
        if (why := explain_no_image(name)) is not None:
            unused[name] = why
        elif name.count("/") > DEEPEST:
            unused[name] = f"in more than {DEEPEST} folders"
    return [name for name in names if name not in unused], unused


def _examples(folders):
    return join_names(map(locate_example, folders.values()))


class _Reader:
    """Tells classes from parts; `unused` gets all other files."""

    def __init__(self, origin, unused):
        self.origin = origin
        self.unused = unused

    def read(self, tree):
        """Reads folders that are classes, or parts with classes in them."""
        around, tree = self.unwrap(tree)
        tree = {name: squeeze(name, node) for name, node in tree.items()}
        self.leave_out(select_files(tree), "in no folder of a class")
        inside = select_folders(tree)
        if not inside:
            raise self.error(
                f"expected the images of each class in a folder of its name "
                f"(CLASS/FILE). Received: {join_names(select_files(tree))}"
            )
        if not any(map(select_folders, inside.values())):
            self.check_flat(inside)
            return self.build_layout({read_part(around) or "": tree})
        if not all(map(read_part, inside)):
            swapped = group_by_part(inside)
            if swapped is None:
                raise self.explain_depths(inside)
            tree, inside = swapped, swapped
        return self.build_layout(self.select_parts(tree, inside))

    def unwrap(self, tree):
        """Returns the innermost folder around all classes: (name, node)."""
        around = ""
        while len(inside := select_folders(tree)) == 1:
            ((name, child),) = inside.items()
            if not select_folders(child):
                break
            self.leave_out(select_files(tree), "in no folder of a class")
            around, tree = name, child
        return around, tree

    def check_flat(self, inside):
        """Raises an error if folders may be parts without classes."""
        parts = [name for name in inside if is_part_rather_than_class(name)]
        if all(map(read_part, inside)):
            parts = list(inside)
        if parts:
            others = [name for name in inside if name not in parts]
            beside = f" beside {join_names(others)}" if others else ""
            raise self.error(
                f"can be read in two ways: {join_names(parts)} are parts of "
                "the data whose images are in no folder of their class, or "
                f"classes{beside}. Received: {_examples(inside)}. For parts, "
                "put the images of each class in a folder "
                "(train/CLASS/FILE), or move parts without labels away; for "
                "classes, rename the folders"
            )

    def select_parts(self, tree, inside):
        """Returns {part: its folder of classes}."""
        parts = {}
        for name, node in inside.items():
            part, shown = read_part(name), escape_name(name)
            if not select_folders(node):
                if part == "train":
                    others = join_names(each for each in inside if each != name)
                    raise self.error(
                        f"the images in {shown} are in no folder of their "
                        f"class, such as {escape_name(locate_example(node))}, "
                        f"beside {others}. Sort them (train/CLASS/FILE), or "
                        f"move {shown} away to use the rest alone"
                    )
                reason = f"in {shown}, which has no folders of classes"
                self.leave_out(select_files(node), reason)
                continue
            if part in parts or part == "unlabelled":
                raise self.explain_parts(inside)
            self.leave_out(select_files(node), "in no folder of a class")
            parts[part] = tree[name]
        if len(parts) > 1 and "train" not in parts:
            raise self.explain_parts(inside)
        for part in parts.values():
            for name, node in select_folders(part).items():
                if inner := select_folders(node):
                    raise self.error(
                        f"{escape_name(name)} should hold the images of a "
                        f"class, and holds folders: {_examples(inner)}. Move "
                        "their images up, or to classes of their own"
                    )
        return parts

    def build_layout(self, parts):
        """Builds the `Layout` of {part: its folder of classes}."""
        names, classes = {}, {}
        for part, folder in parts.items():
            empty = [name for name, node in folder.items() if node == {}]
            if empty:
                raise self.explain_empty(empty[0])
            for class_name, node in select_folders(folder).items():
                # macOS writes accents as characters of their own.
                class_name = unicodedata.normalize(
                    "NFC", escape_name(class_name)
                )
                classes.setdefault(part, set()).add(class_name)
                for file, name in select_files(node).items():
                    entry = Entry(part, class_name, escape_name(file))
                    if entry in names:
                        raise self.error(
                            f"{escape_name(names[entry])} is there twice, but "
                            "for how its characters are written; rename one"
                        )
                    names[entry] = name
        self.check_alike(classes)
        return Layout(dict(sorted(names.items())), self.unused)

    def check_alike(self, classes):
        """Raises an error if parts do not have the same classes."""
        known = set.union(*classes.values())
        lacking = {
            part: sorted(known - found)
            for part, found in classes.items()
            if known - found
        }
        if lacking:
            said = "; ".join(
                f"{part} has no {join_names(names)}"
                for part, names in lacking.items()
            )
            raise self.error(
                f"expected the same classes in all parts. Received: {said}. "
                "Rename or move folders, or add images"
            )

    def leave_out(self, files, reason):
        self.unused |= dict.fromkeys(files.values(), reason)

    def error(self, reason):
        return DataError(f"{self.origin}: {reason}.")

    def explain_empty(self, name):
        there = {
            file: reason
            for file, reason in self.unused.items()
            if f"/{name}/" in f"/{file}"
        }
        received = f" ({summarize(there)})" if there else ""
        return self.error(
            f"the folder {join_names([name])} stands beside classes and has no "
            f"images{received}. For a class, add some; if it is none, move it "
            "away"
        )

    def explain_depths(self, inside):
        shallow = {k: v for k, v in inside.items() if select_files(v)}
        one = [next(iter(select_files(v).values())) for v in shallow.values()]
        deep = [
            locate_example(inner)
            for node in inside.values()
            for inner in list(select_folders(node).values())[:1]
        ]
        return self.error(
            "the images are not all at one depth, or deeper than expected: "
            f"{join_names([*one[:1], *deep[:2]])}. The folders "
            f"{join_names(inside)} "
            "can be classes that have folders in them, or parts of the data "
            "that have classes in them. For classes, move the images up "
            "(CLASS/FILE), or point at the folder of the classes; for parts, "
            "name them train, validation and test (PART/CLASS/FILE)"
        )

    def explain_parts(self, inside):
        return self.error(
            "expected one part with classes in it, or train beside "
            "validation, test or both, each once. Received: "
            f"{join_names(inside)}. Rename or move what is to be used as "
            "something else, or not at all"
        )
