"""Hostile and broken archives are refused in one line, and write nothing."""

import stat
import struct
import tracemalloc
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipelines.errors import DataError
from pipelines.files.archives import open_archive

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "inside").mkdir()
    return tmp_path / "inside" / "photos.zip"


def write(path, members, method=zipfile.ZIP_DEFLATED):
    """members: (name or ZipInfo, bytes)."""
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)


def refusal(path, **options):
    """The message; nothing else appeared in or beside the folder."""
    with pytest.raises(DataError) as caught, open_archive(path, **options):
        pass
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    everything = set(path.parent.parent.rglob("*"))
    assert everything == {path.parent, path}
    return str(caught.value)


@pytest.mark.parametrize("method", METHODS)
def test_files_come_back_in_order_without_folders(path, method):
    random = np.random.default_rng(0)
    files = {f"a/{i}.bin": random.bytes(i * 100) for i in (3, 0, 2, 70)}
    write(path, [("a/", b""), *files.items()], method)
    with open_archive(path) as archive:
        assert archive.names == list(files)
        for name, data in files.items():
            assert archive.read(name) == data
            assert archive.size(name) == len(data)
            assert archive.checksum(name) == zlib.crc32(data)
        with pytest.raises(KeyError):
            archive.read("a/4.bin")


def test_threads_may_read_at_once(path):
    files = {str(i): bytes([i]) * 10_000 for i in range(200)}
    write(path, files.items())
    with open_archive(path) as archive, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(archive.read, archive.names * 5))
    assert found == list(files.values()) * 5


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.txt", "out of the archive"),
        ("a/../../evil.txt", "out of the archive"),
        ("a/..", "out of the archive"),
        ("/tmp/evil.txt", "absolute"),
        ("C:/evil.txt", "absolute"),
        ("c:evil.txt", "absolute"),
        ("..\\evil.txt", "out of the archive"),
        ("\\evil.txt", "absolute"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(path, name, reason):
    write(path, [("good.txt", b"good"), (name, b"evil")])
    message = refusal(path)
    assert reason in message
    assert repr(name) in message


def test_name_with_a_zero_byte_is_refused(path):
    write(path, [("good.txtX.exe", b"good")])
    path.write_bytes(path.read_bytes().replace(b"txtX", b"txt\0"))
    assert "zero byte" in refusal(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_files_are_refused(path, kind):
    info = zipfile.ZipInfo("link")
    info.external_attr = (kind | 0o777) << 16
    write(path, [(info, b"/etc/passwd")])
    assert "link or a special file" in refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a", "a"), ("b/a", "b//a"), ("a", "./a")])
def test_double_names_are_refused(path, names):
    write(path, [(name, b"") for name in names])
    assert "two members" in refusal(path)


def test_encrypted_members_are_refused(path):
    write(path, [("secret.txt", b"secret")])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in refusal(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_limit_are_refused(path, method):
    write(path, [("a.txt", b"a" * 1000)], method)
    assert "neither stored nor deflated" in refusal(path)


def test_member_that_shrinks_too_much_is_refused(path):
    write(path, [("zeros", bytes(2**24 + 1))])
    assert "unpack" in refusal(path)
    with open_archive(path, ratio_limit=2000) as archive:
        assert archive.names == ["zeros"]


def test_declared_total_has_a_limit(path):
    write(path, [("a", bytes(600)), ("b", bytes(401))])
    assert "1,001 bytes, the limit is 1,000" in refusal(path, total_limit=1000)
    with open_archive(path, total_limit=1001):
        pass


def test_members_that_share_their_bytes_are_refused(path):
    """The bomb without nesting: many names for the same packed bytes."""
    write(path, [("a", np.random.default_rng(0).bytes(5000))])
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    names = [bytes([letter]) for letter in b"abcdefgh"]
    directory = b"".join(entry[:-1] + name for name in names)
    tail = bytearray(data[end:])
    struct.pack_into("<HHL", tail, 8, len(names), len(names), len(directory))
    path.write_bytes(data[:start] + directory + tail)
    assert "share" in refusal(path) or "verlap" in refusal(path)


@pytest.mark.parametrize("declared", [100, 50_000])
def test_member_never_yields_more_than_it_declares(path, declared):
    """Its true size is 40,000: both lies are found, neither is unpacked."""
    write(path, [("liar", np.random.default_rng(0).bytes(40_000))])
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, declared)
    path.write_bytes(data)
    with open_archive(path) as archive:
        assert archive.size("liar") == declared
        with pytest.raises(DataError, match="broken.*liar"):
            archive.read("liar")


def test_dishonest_bomb_is_not_unpacked(path):
    write(path, [("bomb", bytes(2**25))])
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, 100)
    path.write_bytes(data)
    with open_archive(path) as archive:
        tracemalloc.start()
        with pytest.raises(DataError, match="broken.*bomb"):
            archive.read("bomb")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("method", METHODS)
def test_changed_bytes_are_found(path, method):
    write(path, [("a", np.random.default_rng(0).bytes(5000))], method)
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)
    with (
        open_archive(path) as archive,
        pytest.raises(DataError, match="broken or cut short"),
    ):
        archive.read("a")


def test_archive_of_a_later_format_is_refused(path):
    write(path, [("a", b"a")])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 99
    path.write_bytes(data)
    assert "version" in refusal(path)


@pytest.mark.parametrize("kept", [0, 0.3, 0.9, 0.999])
def test_archive_cut_short_is_refused(path, kept):
    write(path, [(str(i), b"content" * i) for i in range(50)])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    assert "broken or cut short" in refusal(path)


def test_any_damage_is_one_line(path):
    """Bytes of the directory set at random: refused, or read as declared."""
    write(path, [(f"{i}.txt", b"content" * i) for i in range(6)])
    whole = path.read_bytes()
    start = whole.index(b"PK\x01\x02")
    random = np.random.default_rng(0)
    refusals = []
    for _ in range(200):
        data = bytearray(whole)
        for position in random.integers(start, len(data), 3):
            data[position] = random.integers(256)
        path.write_bytes(data)
        try:
            with open_archive(path) as archive:
                for name in archive.names:
                    assert len(archive.read(name)) == archive.size(name)
        except DataError as error:
            refusals.append(str(error))
    assert len(refusals) > 50
    assert not any("\n" in message for message in refusals)


def test_no_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.zip", tmp_path):
        with pytest.raises(DataError, match="cannot read"), open_archive(path):
            pass
