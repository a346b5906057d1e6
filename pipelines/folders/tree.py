"""Trees of folders and images, as nested dictionaries.

A folder is a dictionary by name, a file its whole name.
"""

from pipelines.errors import DataError
from pipelines.files.names import GENERIC, explain_no_image, read_part

# Nobody sorts deeper, and Python's stack ends somewhere.
DEEPEST = 32


def make_tree(images, folders, origin):
    """Builds the tree of files.

    Args:
        images: Their names, with "/".
        folders: Names of folders, which may be empty.
        origin: Place of all of them, for messages.

    Raises:
        DataError: if something is a file and a folder.
    """
    tree = {}
    for name in images:
        *path, file = name.split("/")
        node = _add_folder(tree, path)
        if isinstance(node, str) or file in node:
            # Only in a zip file.
            raise DataError(f"{origin}: {name} is a file and a folder.")
        node[file] = name
    for name in folders:
        path = name.split("/") if name else []
        if len(path) <= DEEPEST and explain_no_image(f"{name}/x.png") is None:
            _add_folder(tree, path)
    return tree


def _add_folder(tree, path):
    """Adds the folder of this path; returns it, or a file in its way."""
    for part in path:
        if isinstance(tree, str):
            break
        tree = tree.setdefault(part, {})
    return tree


def select_folders(node):
    """Selects the folders in a folder that hold an image somewhere."""
    return {
        name: inside
        for name, inside in node.items()
        if isinstance(inside, dict) and locate_example(inside)
    }


def select_files(node):
    return {k: v for k, v in node.items() if isinstance(v, str)}


def locate_example(node):
    """Returns the name of an image below a folder, or None."""
    if isinstance(node, str):
        return node
    return next(filter(None, map(locate_example, node.values())), None)


def squeeze(name, node):
    """Leaves out folders that only stand between a folder and its images."""
    if not isinstance(node, dict):
        return node
    inside = select_folders(node)
    if len(inside) == 1 and not select_files(node):
        ((inner, child),) = inside.items()
        if inner.lower() in (*GENERIC, name.lower()):
            return squeeze(name, child)
    return {key: squeeze(key, child) for key, child in node.items()}


def group_by_part(classes):
    """Turns CLASS/PART/FILE into PART/CLASS/FILE; None if it is not that."""
    swapped = {}
    for name, node in classes.items():
        inside = select_folders(node)
        if select_files(node) or any(
            read_part(part) is None or select_folders(files)
            for part, files in inside.items()
        ):
            return None
        for part, files in inside.items():
            swapped.setdefault(part, {})[name] = files
    return swapped
