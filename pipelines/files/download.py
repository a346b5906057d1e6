"""Downloads of large files: resumed after a break, verified.

Pooch and `keras.utils.get_file` verify too, but start again after each break.
"""

import hashlib
import os
import time
from pathlib import Path

import requests

from pipelines.errors import DataError
from pipelines.progress import progress_bar

# Seconds to connect, and between two pieces of the file.
TIMEOUTS = (10, 60)
# A piece that a broken connection leaves incomplete is lost: small ones.
_PIECE = 2**16


class _TryAgain(Exception):
    """The connection broke, or the server asks for patience."""


def download(url, path, *, size, md5, attempts=4, pause=1.0):
    """Downloads a file, unless it is there, and verifies it.

    Bytes that have arrived stay in `PATH.part`, across calls and processes.
    The download continues from them if the server's file is still the same.
    `path` appears only when it is whole.

    Args:
        url: Of the file.
        path: Of the file to write; its folder is made.
        size: Bytes it must have.
        md5: Hexadecimal digest it must have.
        attempts: Tries in a row without a byte before this gives up.
        pause: Seconds before the second try; twice as long before each
            further one.

    Returns:
        `path`.

    Raises:
        DataError: if it cannot be downloaded, or is another file.
    """
    path = Path(path)
    if path.exists():
        return path
    by_hand = f"{path} ({size:,} bytes, md5 {md5})"
    part = _Part(path, size)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fetch_patiently(url, part, attempts, pause)
        _verify(url, part, size, md5)
        part.become(path)
    except (requests.RequestException, _TryAgain) as error:
        raise DataError(
            f"cannot download {url}: {_explain(error)}. Get it by other means "
            f"and put it at {by_hand}, or run the same command again later."
        ) from error
    except OSError as error:
        raise DataError(
            f"cannot write {part.path}: {error.strerror or error}. Expected "
            f"room for {size:,} bytes in a folder that can be written."
        ) from error
    return path


class _Part:
    """The beginning of a file, and which version of the file it is from."""

    def __init__(self, path, size):
        self.path = path.with_name(path.name + ".part")
        self._version = path.with_name(path.name + ".part-version")
        self.size = size

    def __len__(self):
        return self.path.stat().st_size if self.path.exists() else 0

    def version(self):
        """Reads the version of the file; see `_read_version`."""
        return self._version.read_text() if self._version.exists() else ""

    def restart(self, version):
        # In this order: bytes never lie beside the name of another version.
        self.remove()
        self._version.write_text(version)

    def remove(self):
        self.path.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)

    def become(self, path):
        os.replace(self.path, path)
        self._version.unlink(missing_ok=True)


def _fetch_patiently(url, part, attempts, pause):
    failures = 0
    while len(part) < part.size:
        before = len(part)
        try:
            _fetch(url, part)
        except (
            _TryAgain,
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ):
            failures = 1 if len(part) > before else failures + 1
            if failures >= attempts:
                raise
            time.sleep(pause * 2 ** (failures - 1))


def _fetch(url, part):
    """Requests the rest of the file, or all of it, once."""
    headers = {"Accept-Encoding": "identity"}
    if len(part) and part.version():
        headers["Range"] = f"bytes={len(part)}-"
        headers["If-Range"] = part.version()
    with requests.get(
        url, headers=headers, stream=True, timeout=TIMEOUTS
    ) as response:
        if response.status_code in (429, 500, 502, 503, 504):
            raise _TryAgain(f"the server answers {response.status_code}")
        if response.status_code == 416 or (
            response.status_code == 206 and not _continues(response, part)
        ):
            part.remove()
            raise _TryAgain("the server does not go on where it broke off")
        response.raise_for_status()
        if response.status_code != 206:
            part.restart(_read_version(response))
        _append(response, part, url)
    if len(part) < part.size:
        raise _TryAgain(f"only {len(part):,} of {part.size:,} bytes came")


def _continues(response, part):
    """True if the rest of the file follows, of the same version."""
    content = response.headers.get("Content-Range", "")
    return (
        content.startswith(f"bytes {len(part)}-")
        and _read_version(response) == part.version()
    )


def _append(response, part, url):
    with (
        open(part.path, "ab") as file,
        progress_bar(
            desc=f"downloading {url}",
            total=part.size,
            initial=len(part),
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
        ) as bar,
    ):
        for piece in response.iter_content(_PIECE):
            file.write(piece)
            bar.update(len(piece))
            # Another file than expected; its length is noticed later.
            if file.tell() > part.size:
                break


def _read_version(response):
    """Reads the version that If-Range of a later request can name, or ""."""
    tag = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    return response.headers.get("Last-Modified", "")


def _verify(url, part, size, md5):
    if len(part) != size:
        received = f"more than {size:,} bytes"
    else:
        with open(part.path, "rb") as file:
            digest = hashlib.file_digest(file, "md5").hexdigest()
        if digest == md5:
            return
        received = f"md5 {digest}"
    part.remove()
    raise DataError(
        f"{url} is not the expected file: expected {size:,} bytes with md5 "
        f"{md5}. Received: {received}. Nothing was kept; get the file from "
        "elsewhere."
    )


def _explain(error):
    if isinstance(error, requests.Timeout):
        return "the server does not answer"
    if isinstance(error, requests.HTTPError):
        return f"the server answers {error.response.status_code}"
    if isinstance(error, _TryAgain):
        return str(error)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return " ".join(str(error).split())
