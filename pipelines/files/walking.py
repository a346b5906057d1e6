"""Walks over folders of images."""

from pipelines.files.names import why_no_image


def list_images(root, ignored=()):
    """Paths of image files two or three levels below a folder, sorted."""
    return sorted(
        path
        for pattern in ("*/*", "*/*/*")
        for found in root.glob(pattern)
        if why_no_image(path := found.relative_to(root).as_posix()) is None
        and path.partition("/")[0] not in ignored
        and found.is_file()
    )
