"""Downloads go on where they broke off, and only whole files appear."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from pipelines.errors import DataError
from pipelines.files import download as module
from pipelines.files.download import download

CONTENT = np.random.default_rng(0).bytes(1_000_000)
OTHER = np.random.default_rng(1).bytes(1_000_000)


class Server(ThreadingHTTPServer):
    """Serves `content`; knows ranges; can break off in mid-file.

    Attributes:
        status: Answered instead, if not None.
        breaks: How many of the next answers end after `break_after` bytes.
        ranges: Whether it honours Range.
        headers: Names the version of the file.
        requests: The headers of each request so far.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.status = None
        self.breaks = 0
        self.break_after = 300_000
        self.ranges = True
        self.headers = {"ETag": '"first"'}
        self.requests = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/file.zip"

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests.append(dict(self.headers))
        if server.status is not None:
            self.send_error(server.status)
            return
        start = 0
        if self._is_same_version() and server.ranges:
            start = int(self.headers["Range"].split("=")[1].rstrip("-"))
            total = len(server.content)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-/{total}")
        else:
            self.send_response(200)
        body = server.content[start:]
        self.send_header("Content-Length", str(len(body)))
        for name, value in server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if server.breaks:
            server.breaks -= 1
            body = body[: server.break_after]
        self.wfile.write(body)

    def _is_same_version(self):
        # A weak tag does not say that the bytes are the same (RFC 9110).
        version = self.headers.get("If-Range", "W/")
        return (
            not version.startswith("W/")
            and version in self.server.headers.values()
        )

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "file.zip"


def get(server, path, content=CONTENT, **options):
    return download(
        server.url,
        path,
        size=len(content),
        md5=hashlib.md5(content).hexdigest(),
        pause=0,
        **options,
    )


def failure(server, path, **options):
    with pytest.raises(DataError) as caught:
        get(server, path, **options)
    assert "\n" not in str(caught.value)
    assert server.url in str(caught.value)
    assert not path.exists()
    return str(caught.value)


def ranges_asked(server):
    return [headers.get("Range") for headers in server.requests]


def test_file_arrives_whole_and_alone(server, path):
    assert get(server, path) == path
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_what_is_there_is_not_fetched_again(server, path):
    path.parent.mkdir()
    path.write_bytes(b"the user's own")
    assert get(server, path).read_bytes() == b"the user's own"
    assert not server.requests


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": '"first"'},
        {"Last-Modified": "Tue, 10 Feb 2015 00:00:00 GMT"},
        {"ETag": 'W/"weak"', "Last-Modified": "Tue, 10 Feb 2015 00:00:00 GMT"},
    ],
)
def test_broken_connection_goes_on_where_it_broke(server, path, headers):
    server.headers = headers
    server.breaks = 3
    assert get(server, path).read_bytes() == CONTENT
    first, *others = ranges_asked(server)
    assert first is None
    starts = [int(asked.removeprefix("bytes=")[:-1]) for asked in others]
    # All but the last piece of what came is kept.
    assert len(starts) == 3
    assert all(200_000 < step <= 300_000 for step in np.diff([0, *starts]))
    assert list(path.parent.iterdir()) == [path]


def test_only_tries_that_bring_nothing_are_counted(server, path):
    server.break_after = 150_000
    server.breaks = 6
    assert get(server, path, attempts=2).read_bytes() == CONTENT


def test_another_process_goes_on_too(server, path):
    server.breaks = 1
    message = failure(server, path, attempts=1)
    assert "the connection broke" in message
    kept = path.with_name("file.zip.part").stat().st_size
    assert kept > 200_000
    assert get(server, path).read_bytes() == CONTENT
    assert ranges_asked(server) == [None, f"bytes={kept}-"]


def test_complete_part_is_not_fetched_again(server, path):
    path.parent.mkdir()
    path.with_name("file.zip.part").write_bytes(CONTENT)
    assert get(server, path).read_bytes() == CONTENT
    assert not server.requests


def test_changed_file_starts_again(server, path):
    server.content = OTHER
    server.breaks = 1
    failure(server, path, attempts=1)
    server.content, server.headers = CONTENT, {"ETag": '"second"'}
    assert get(server, path).read_bytes() == CONTENT


@pytest.mark.parametrize("missing", ["ranges", "version"])
def test_server_without_ranges_starts_again(server, path, missing):
    if missing == "ranges":
        server.ranges = False
    else:
        server.headers = {}
    server.breaks = 1
    assert get(server, path).read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_server_that_sends_another_range_is_not_believed(
    server, path, monkeypatch
):
    monkeypatch.setattr(
        Handler, "_is_same_version", lambda self: "Range" in self.headers
    )
    server.content = OTHER
    server.breaks = 1
    failure(server, path, attempts=1)
    server.content, server.headers = CONTENT, {"ETag": '"second"'}
    assert get(server, path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "content", [OTHER, CONTENT[:-1] + b"x", CONTENT + b"more"]
)
def test_wrong_content_is_removed(server, path, content):
    server.content = content
    message = failure(server, path)
    assert "not the expected file" in message
    assert "Received" in message
    assert not list(path.parent.iterdir())


def test_file_that_is_too_short_is_not_taken(server, path):
    server.content = CONTENT[:-1]
    message = failure(server, path)
    assert "only 999,999 of 1,000,000" in message


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (503, 4)])
def test_refusal_says_what_to_put_where(server, path, status, requests):
    server.status = status
    message = failure(server, path)
    assert str(status) in message
    assert str(path) in message
    assert hashlib.md5(CONTENT).hexdigest() in message
    assert "1,000,000" in message
    assert len(server.requests) == requests


def test_no_network_says_what_to_put_where(server, path):
    server.server_close()
    message = failure(server, path)
    assert "no connection" in message
    assert str(path) in message


def test_silent_server_is_given_up(server, path, monkeypatch):
    monkeypatch.setattr(module, "TIMEOUTS", (0.2, 0.2))
    release = threading.Event()
    monkeypatch.setattr(Handler, "do_GET", lambda self: release.wait(10))
    message = failure(server, path, attempts=2)
    release.set()
    assert "does not answer" in message


def test_folder_that_cannot_be_written_is_one_line(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="cannot write.*1,000,000 bytes"):
        get(server, tmp_path / "file" / "file.zip")
