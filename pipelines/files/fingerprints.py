"""Short digests that tell whether files, images and labels are the same."""

import hashlib

from pipelines.files.parallel import map_in_threads


def fingerprint(lines):
    """16 hexadecimal digits, of strings in their order.

    Example:

    >>> from pipelines.files.fingerprints import fingerprint
    >>> fingerprint(["cats/1.jpg 0"]) == fingerprint(["cats/1.jpg 1"])
    False
    """
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode(errors="surrogateescape") + b"\n")
    return digest.hexdigest()[:16]


def digest_files(read, names):
    """Digests of whole files, read in threads.

    Sizes and times would be quicker and tell less: two bitmaps are of one
    size, and a file that is copied may keep its time.

    Args:
        read: Function from a name to the bytes of that file.
        names: The files.

    Returns:
        A list of strings, in the order of the names.
    """
    return list(
        map_in_threads(
            lambda name: hashlib.blake2b(
                read(name), digest_size=16
            ).hexdigest(),
            names,
            desc="comparing files",
            unit=" images",
        )
    )
