"""Folders and the images in them, as nested dictionaries.

Of a folder, what is in it by name; of a file, its whole name.
"""

from pipelines.errors import DataError
from pipelines.files.names import GENERIC, part_of, why_no_image

# Nobody sorts deeper, and Python's stack ends somewhere.
DEEPEST = 32


def make_tree(images, folders, origin):
    """The tree of files.

    Args:
        images: Their names, with "/".
        folders: Names of folders, which may be empty.
        origin: Where all of them are, for messages.

    Raises:
        DataError: if something is a file and a folder.
    """
    tree = {}
    for name in images:
        *path, file = name.split("/")
        node = _folder(tree, path)
        if isinstance(node, str) or file in node:
            # Only in a zip file.
            raise DataError(f"{origin}: {name} is a file and a folder.")
        node[file] = name
    for name in folders:
        path = name.split("/") if name else []
        if len(path) <= DEEPEST and why_no_image(f"{name}/x.png") is None:
            _folder(tree, path)
    return tree


def _folder(tree, path):
    """The folder of this path, made; or the file that is in its way."""
    for part in path:
        if isinstance(tree, str):
            break
        tree = tree.setdefault(part, {})
    return tree


def folders_in(node):
    """The folders in a folder that hold an image somewhere."""
    return {
        name: inside
        for name, inside in node.items()
        if isinstance(inside, dict) and example(inside)
    }


def files_in(node):
    return {k: v for k, v in node.items() if isinstance(v, str)}


def example(node):
    """The name of an image below a folder, or None."""
    if isinstance(node, str):
        return node
    return next(filter(None, map(example, node.values())), None)


def squeeze(name, node):
    """Leaves out folders that only stand between a folder and its images."""
    if not isinstance(node, dict):
        return node
    inside = folders_in(node)
    if len(inside) == 1 and not files_in(node):
        ((inner, child),) = inside.items()
        if inner.lower() in (*GENERIC, name.lower()):
            return squeeze(name, child)
    return {key: squeeze(key, child) for key, child in node.items()}


def by_part(classes):
    """CLASS/PART/FILE as PART/CLASS/FILE; None if it is not that."""
    swapped = {}
    for name, node in classes.items():
        inside = folders_in(node)
        if files_in(node) or any(
            part_of(part) is None or folders_in(files)
            for part, files in inside.items()
        ):
            return None
        for part, files in inside.items():
            swapped.setdefault(part, {})[name] = files
    return swapped
