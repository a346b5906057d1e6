"""Which file is an image of which class, by the names of folders.

CLASS/FILE, or PART/CLASS/FILE where the data comes split, or CLASS/PART/FILE;
with folders around all of it, or a folder `images` inside each, as tools and
downloads have them. Nothing is guessed: where the names can mean two things,
the message has both.
"""

import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from pipelines.errors import DataError
from pipelines.files.names import (
    SUFFIXES,
    in_utf8,
    is_part_rather_than_class,
    listed,
    part_of,
    summary,
    why_no_image,
)
from pipelines.folders.tree import (
    DEEPEST,
    by_part,
    example,
    files_in,
    folders_in,
    make_tree,
    squeeze,
)


class Entry(NamedTuple):
    """One image file; `split` is "" where the files are not split."""

    split: str
    class_name: str
    file: str

    @property
    def path(self):
        return "/".join(filter(None, self))


@dataclass
class Layout:
    """What `arrange` found.

    Attributes:
        names: {Entry: name of the file}, sorted by entry; their splits are of
            `pipelines.files.names.PARTS`.
        unused: {name of a file: why it is not used}.
    """

    names: dict
    unused: dict


def arrange(names, origin, folders=()):
    """The `Layout` of files.

    Args:
        names: Of the files, with "/", relative to where all of them are.
        origin: Where that is, for messages.
        folders: Names of folders; those without images matter.

    Raises:
        DataError: if there are no images, or if it cannot be told which
            folders are classes.
    """
    unused = {}
    for name in names:
        if (why := why_no_image(name)) is not None:
            unused[name] = why
        elif name.count("/") > DEEPEST:
            unused[name] = f"in more than {DEEPEST} folders"
    images = [name for name in names if name not in unused]
    if not images:
        received = f" ({summary(unused)})" if unused else ""
        raise DataError(
            f"{origin}: expected images as CLASS/FILE or PART/CLASS/FILE "
            f"({', '.join(SUFFIXES)}). Received: no images{received}."
        )
    return _Reader(origin, unused).read(make_tree(images, folders, origin))


def _examples(folders):
    return listed(map(example, folders.values()))


class _Reader:
    """Tells classes from parts; `unused` gets what is in neither."""

    def __init__(self, origin, unused):
        self.origin = origin
        self.unused = unused

    def read(self, tree):
        """The layout of folders that are classes, or parts of classes."""
        around, tree = self.unwrap(tree)
        tree = {name: squeeze(name, node) for name, node in tree.items()}
        self.leave_out(files_in(tree), "in no folder of a class")
        inside = folders_in(tree)
        if not inside:
            raise self.refuse(
                f"expected the images of each class in a folder of its name "
                f"(CLASS/FILE). Received: {listed(files_in(tree))}"
            )
        if not any(map(folders_in, inside.values())):
            self.check_flat(inside)
            return self.layout({part_of(around) or "": tree})
        if not all(map(part_of, inside)):
            swapped = by_part(inside)
            if swapped is None:
                raise self.refuse_depths(inside)
            tree, inside = swapped, swapped
        return self.layout(self.parts(tree, inside))

    def unwrap(self, tree):
        """(name of the innermost folder around all classes, what is in it)."""
        around = ""
        while len(inside := folders_in(tree)) == 1:
            ((name, child),) = inside.items()
            if not folders_in(child):
                break
            self.leave_out(files_in(tree), "in no folder of a class")
            around, tree = name, child
        return around, tree

    def check_flat(self, inside):
        """Refuses folders of images that may be parts without classes."""
        parts = [name for name in inside if is_part_rather_than_class(name)]
        if all(map(part_of, inside)):
            parts = list(inside)
        if parts:
            others = [name for name in inside if name not in parts]
            beside = f" beside {listed(others)}" if others else ""
            raise self.refuse(
                f"can be read in two ways: {listed(parts)} are parts of the "
                "data whose images are in no folder of their class, or "
                f"classes{beside}. Received: {_examples(inside)}. For parts, "
                "put the images of each class in a folder "
                "(train/CLASS/FILE), or move parts without labels away; for "
                "classes, rename the folders"
            )

    def parts(self, tree, inside):
        """{part: its folder of classes}."""
        parts = {}
        for name, node in inside.items():
            part = part_of(name)
            if not folders_in(node):
                if part == "train":
                    others = listed(each for each in inside if each != name)
                    raise self.refuse(
                        f"the images in {in_utf8(name)} are in no folder of "
                        f"their class, such as {in_utf8(example(node))}, "
                        f"beside {others}. Sort them (train/CLASS/FILE), or "
                        f"move {in_utf8(name)} away to use the rest alone"
                    )
                reason = f"in {in_utf8(name)}, which has no folders of classes"
                self.leave_out(files_in(node), reason)
                continue
            if part in parts or part == "unlabelled":
                raise self.refuse_parts(inside)
            self.leave_out(files_in(node), "in no folder of a class")
            parts[part] = tree[name]
        if len(parts) > 1 and "train" not in parts:
            raise self.refuse_parts(inside)
        for part in parts.values():
            for name, node in folders_in(part).items():
                if inner := folders_in(node):
                    raise self.refuse(
                        f"{in_utf8(name)} should hold the images of a class, "
                        f"and holds folders: {_examples(inner)}. Move their "
                        "images up, or to classes of their own"
                    )
        return parts

    def layout(self, parts):
        names, classes = {}, {}
        for part, folder in parts.items():
            empty = [name for name, node in folder.items() if node == {}]
            if empty:
                raise self.refuse_empty(empty[0])
            for class_name, node in folders_in(folder).items():
                # macOS writes accents as characters of their own.
                class_name = unicodedata.normalize("NFC", in_utf8(class_name))
                classes.setdefault(part, set()).add(class_name)
                for file, name in files_in(node).items():
                    entry = Entry(part, class_name, in_utf8(file))
                    if entry in names:
                        raise self.refuse(
                            f"{in_utf8(names[entry])} is there twice, but for "
                            "how its characters are written; rename one"
                        )
                    names[entry] = name
        self.check_alike(classes)
        return Layout(dict(sorted(names.items())), self.unused)

    def check_alike(self, classes):
        """Refuses parts that do not have the same classes."""
        known = set.union(*classes.values())
        lacking = {
            part: sorted(known - found)
            for part, found in classes.items()
            if known - found
        }
        if lacking:
            said = "; ".join(
                f"{part} has no {listed(names)}"
                for part, names in lacking.items()
            )
            raise self.refuse(
                f"expected the same classes in all parts. Received: {said}. "
                "Rename or move folders, or add images"
            )

    def leave_out(self, files, reason):
        self.unused |= dict.fromkeys(files.values(), reason)

    def refuse(self, reason):
        return DataError(f"{self.origin}: {reason}.")

    def refuse_empty(self, name):
        there = {
            file: reason
            for file, reason in self.unused.items()
            if f"/{name}/" in f"/{file}"
        }
        received = f" ({summary(there)})" if there else ""
        return self.refuse(
            f"the folder {listed([name])} stands beside classes and has no "
            f"images{received}. For a class, add some; if it is none, move it "
            "away"
        )

    def refuse_depths(self, inside):
        shallow = {k: v for k, v in inside.items() if files_in(v)}
        one = [next(iter(files_in(v).values())) for v in shallow.values()]
        deep = [
            example(inner)
            for node in inside.values()
            for inner in list(folders_in(node).values())[:1]
        ]
        return self.refuse(
            "the images are not all at one depth, or deeper than expected: "
            f"{listed([*one[:1], *deep[:2]])}. The folders {listed(inside)} "
            "can be classes that have folders in them, or parts of the data "
            "that have classes in them. For classes, move the images up "
            "(CLASS/FILE), or point at the folder of the classes; for parts, "
            "name them train, validation and test (PART/CLASS/FILE)"
        )

    def refuse_parts(self, inside):
        return self.refuse(
            "expected one part with classes in it, or train beside "
            "validation, test or both, each once. Received: "
            f"{listed(inside)}. Rename or move what is to be used as "
            "something else, or not at all"
        )
