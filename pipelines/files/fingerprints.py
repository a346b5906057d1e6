"""Short digests of files, images and labels."""

import hashlib

from pipelines.files.parallel import map_in_threads


def compute_fingerprint(lines):
    """Digests strings, in their order, to 16 hexadecimal digits.

    Example:

    >>> from pipelines.files.fingerprints import compute_fingerprint
    >>> compute_fingerprint(["a 0"]) == compute_fingerprint(["a 1"])
    False
    """
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode(errors="surrogateescape") + b"\n")
    return digest.hexdigest()[:16]


def digest_files(read, names):
    """Digests whole files, in threads.

    Sizes and times would be quicker but do not suffice: bitmaps have the same
    size, and a copied file may keep its time.

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
