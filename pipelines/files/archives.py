"""Zip archives from anywhere, read without being extracted.

An archive is checked as a whole before it is read, and nothing is written.
Names that would leave a folder, links, encrypted or doubled members and zip
bombs are errors of one line each. A file whose name has a control character,
such as the `Icon\\r` of macOS, is left out.
"""

import contextlib
import re
import stat
import struct
import threading
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from pipelines.errors import DataError
from pipelines.files.names import has_control

# Tiny ImageNet has 0.2 GiB, ImageNet 150: nobody needs more in one zip here.
TOTAL_LIMIT = 32 * 2**30
# Flat images and texts shrink a lot, but they are not large.
RATIO_LIMIT = 200
RATIO_COUNTS_FROM = 2**24

# Exceptions of zipfile for archives that are broken or of another kind.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    RuntimeError,
)


class Archive:
    """An open zip file whose members have been checked; see `open_archive`.

    Attributes:
        path: Of the zip file.
        names: list[str]; its files in their order, without the folders.
        folders: list[str]; folders that it names as such.
        left_out: {name of a file: reason why it cannot be read}.
    """

    def __init__(self, path, file, members, folders):
        self.path = path
        self.folders = folders
        self.left_out = {
            name: "a control character in its name"
            for name in members
            if has_control(name)
        }
        self.names = [name for name in members if name not in self.left_out]
        self._file = file
        self._members = members
        # One file object, one position in it: a lock for the threads.
        self._lock = threading.Lock()

    def size(self, name):
        """Bytes of one file, unpacked."""
        return self._members[name].file_size

    def checksum(self, name):
        """CRC-32 of one file, as the archive states it."""
        return self._members[name].CRC

    def read(self, name):
        """The bytes of one file; any thread may call this.

        Raises:
            KeyError: if there is no such file.
            DataError: if it contradicts the archive's directory.
        """
        member = self._members[name]
        try:
            # Without a size zipfile would unpack a member that a dishonest
            # archive declares to be short, without limit.
            with self._lock, self._file.open(member) as file:
                data = file.read(max(1, member.file_size))
        except (*_BROKEN, OSError) as error:
            raise _broken(self.path, f"{name}: {error}") from error
        if len(data) != member.file_size:
            raise _broken(
                self.path,
                f"{name} has {len(data):,} bytes instead of "
                f"{member.file_size:,}",
            )
        return data


@contextlib.contextmanager
def open_archive(path, *, total_limit=TOTAL_LIMIT, ratio_limit=RATIO_LIMIT):
    """Opens a zip file after a check of all its members.

    Args:
        path: Of the zip file.
        total_limit: Most bytes that its files may have together, unpacked.
        ratio_limit: A file of more than 16 MiB may shrink to one in so many.

    Yields:
        An `Archive`.

    Raises:
        DataError: if the file is missing, broken, or not safe.

    Example:
        with open_archive("photos.zip") as archive:
            data = archive.read(archive.names[0])
    """
    path = Path(path)
    try:
        _check_kind(path)
        file = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise _broken(path, error) from error
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror or error}. Expected a zip "
            "file."
        ) from error
    with file:
        members = file.infolist()
        for member in members:
            _check_member(path, member, ratio_limit)
        _check_together(path, members, total_limit)
        files, folders = {}, []
        for member in members:
            name = str(PurePosixPath(_name(member)))
            if _name(member).endswith("/"):
                folders.append(name)
            else:
                files[name] = member
        yield Archive(path, file, files, folders)


def _check_kind(path):
    """Tells a file of another kind from a zip file that is broken."""
    with open(path, "rb") as file:
        start = file.read(2)
    if start not in (b"", b"PK") and not zipfile.is_zipfile(path):
        raise DataError(f"{path} is no zip file. Unpack it, or pack it as one.")


def _name(member):
    """With the separators of the format; Windows has written others."""
    return member.filename.replace("\\", "/")


def _check_member(path, member, ratio_limit):
    # The name as written: zipfile cuts it at the first zero byte.
    name = member.orig_filename.replace("\\", "/")
    kind = stat.S_IFMT(member.external_attr >> 16)
    large = member.file_size > RATIO_COUNTS_FROM
    if not name or "\0" in name:
        reason = "its name is empty or has a zero byte in it"
    elif name.startswith("/") or re.match("[A-Za-z]:", name):
        reason = "an absolute path"
    elif ".." in name.split("/"):
        reason = "a path out of the archive's folder"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        reason = "a link or a special file"
    elif member.flag_bits & 0x41:
        reason = "encrypted"
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # The others unpack without regard to a limit in zipfile.
        reason = "neither stored nor deflated"
    elif large and member.file_size > ratio_limit * member.compress_size:
        reason = (
            f"{member.compress_size:,} bytes that unpack to "
            f"{member.file_size:,}"
        )
    else:
        return
    raise _unsafe(path, f"member {member.orig_filename!r}: {reason}")


def _check_together(path, members, total_limit):
    names = set()
    for member in members:
        name = str(PurePosixPath(_name(member)))
        if name in names:
            raise _unsafe(path, f"two members are named {name!r}")
        names.add(name)
    total = sum(member.file_size for member in members)
    if total > total_limit:
        raise _unsafe(
            path,
            f"its files declare {total:,} bytes, the limit is {total_limit:,}",
        )
    packed = sum(member.compress_size for member in members)
    if packed > path.stat().st_size:
        raise _unsafe(path, "its members share their bytes")


def _unsafe(path, reason):
    return DataError(
        f"{path} is refused, nothing was read from it: {reason}. Expected a "
        "zip of plain files."
    )


def _broken(path, reason):
    return DataError(
        f"{path} is broken or cut short ({path.stat().st_size:,} bytes): "
        f"{reason}. Get it again."
    )
