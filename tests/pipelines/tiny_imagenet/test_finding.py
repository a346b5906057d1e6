"""The images are found in any form; without them the archive is fetched."""

import hashlib
import http.server
import threading
import zipfile

import pytest

from pipelines.errors import DataError
from pipelines.tiny_imagenet import finding
from pipelines.tiny_imagenet.finding import locate, locate_or_download


@pytest.fixture
def no_download(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("downloads although there are images")

    monkeypatch.setattr(finding, "download", refuse)


@pytest.mark.parametrize("around", ["", "my/", "my/own/"])
def test_extracted_however_deep(make_tiny_imagenet, tmp_path, around):
    root = tmp_path / "extracted" / around
    with zipfile.ZipFile(make_tiny_imagenet()) as file:
        file.extractall(root)
    assert locate(tmp_path / "extracted") == root / "tiny-imagenet-200"
    assert locate(root / "tiny-imagenet-200") == root / "tiny-imagenet-200"


def test_folder_behind_a_link(make_tiny_imagenet, tmp_path):
    with zipfile.ZipFile(make_tiny_imagenet()) as file:
        file.extractall(tmp_path / "far")
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "set").symlink_to(tmp_path / "far")
    found = tmp_path / "near" / "set" / "tiny-imagenet-200"
    assert locate(tmp_path / "near") == found


@pytest.mark.parametrize("name", ["archive.zip", "tiny-imagenet-200 (1).ZIP"])
def test_zip_file_of_another_name(make_tiny_imagenet, name, write_zip):
    path = make_tiny_imagenet()
    path = path.rename(path.with_name(name))
    write_zip(path.with_name("other.zip"), {"readme.txt": b""})
    assert locate(path.parent) == locate(path) == path


def test_two_archives_are_asked_about(make_tiny_imagenet):
    for name in ("a.zip", "b.zip"):
        path = make_tiny_imagenet()
        path.rename(path.with_name(name))
    with pytest.raises(DataError, match=r"Received: a\.zip, b\.zip\. Point"):
        locate(path.parent)


def test_other_images_are_not_taken_for_none(tmp_path, write_tree, no_download):
    write_tree(tmp_path / "data", {"train/n1/images/n1_0.JPEG": b"x"})
    with pytest.raises(DataError) as caught:
        locate_or_download(tmp_path / "data")
    message = str(caught.value)
    assert "holds train/n1/images/n1_0.JPEG" in message
    assert "wnids.txt" in message
    assert "image_folder" in message
    assert [p.name for p in (tmp_path / "data").iterdir()] == ["train"]


def test_named_zip_that_is_missing_is_not_downloaded(tmp_path, no_download):
    with pytest.raises(DataError, match="other.zip does not exist"):
        locate_or_download(tmp_path / "other.zip")


def test_no_data_and_no_network_says_what_to_put_where(tmp_path, monkeypatch):
    with http.server.HTTPServer(("127.0.0.1", 0), None) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/tiny.zip"
    monkeypatch.setattr(finding, "URL", url)
    monkeypatch.setattr("pipelines.files.download.time.sleep", lambda _: None)
    with pytest.raises(DataError) as caught:
        locate_or_download(tmp_path / "nowhere")
    message = str(caught.value)
    assert str(tmp_path / "nowhere" / "tiny-imagenet-200.zip") in message
    assert url in message
    assert "--data_dir" in message
    assert "90528d7ca1a48142e341f4ef8d21d0de" in message
    assert "\n" not in message


def test_public_archive_is_downloaded_where_nothing_is(
    tmp_path, monkeypatch, capsys
):
    content = b"the archive"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    target = tmp_path / "empty"
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/tiny.zip"
        monkeypatch.setattr(finding, "URL", url)
        monkeypatch.setattr(finding, "SIZE", len(content))
        monkeypatch.setattr(finding, "MD5", hashlib.md5(content).hexdigest())
        path = locate_or_download(target)
    assert path == target / "tiny-imagenet-200.zip"
    assert path.read_bytes() == content
    assert f"downloading {url}" in capsys.readouterr().out
    assert locate(target) == path
