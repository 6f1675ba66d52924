"""Downloads against a local server: whole, resumed, broken, wrong."""

import contextlib
import gc
import hashlib
import re
import socket
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.download import download
from harness.errors import BadData, HarnessError, MissingData

CONTENT = bytes(range(256)) * 5000
SUM = hashlib.sha256(CONTENT).hexdigest()


# Whole answers, as they go over the wire.
ODD = {
    "no-number": b"HTTP/1.0 200 OK\r\nContent-Length: abc\r\n\r\nabc",
    "negative": b"HTTP/1.0 200 OK\r\nContent-Length: -5\r\n\r\nabc",
    "cut-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nabc",
    "no-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
    "range": b"HTTP/1.0 416 Range Not Satisfiable\r\n\r\n",
    "no-status": b"HTTP/1.0 abc\r\n\r\n",
    "no-http": b"220 welcome to our files\r\n",
    "long-line": b"HTTP/1.0 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    "headers": b"HTTP/1.0 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n",
    "to-a-file": b"HTTP/1.0 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
    "to-itself": b"HTTP/1.0 302 Found\r\nLocation: /to-itself\r\n\r\n",
    "to-nowhere": b"HTTP/1.0 302 Found\r\nLocation: http://[bad\r\n\r\n",
    "nothing": b"",
}


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT, ranges too; /cut ends early, ODD oddly, nothing else is there."""

    ranges: list[str] = []  # noqa: RUF012 - one server a test

    def do_GET(self):
        """Answer one request."""
        if odd := ODD.get(self.path.strip("/")):
            self.wfile.write(odd)
            return
        if self.path not in ("/file", "/cut"):
            self.send_error(404)
            return
        start = 0
        if wanted := self.headers.get("Range"):
            self.ranges.append(wanted)
            start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        stop = len(CONTENT) // 2 if self.path == "/cut" and not start else None
        self.wfile.write(CONTENT[start:stop])

    def log_message(self, *_):
        """Keep the tests' output clean."""


@pytest.fixture
def server():
    """The address of a server of our own; what ranges it was asked for."""
    Handler.ranges.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_a_file_is_fetched_verified_and_told_of(server, tmp_path):
    """Nothing but the file is left, and a second call does not ask again."""
    lines = []
    path = tmp_path / "deep" / "file"

    download(f"{server}/file", path, checksum=SUM[:8], tell=lines.append)

    assert path.read_bytes() == CONTENT
    assert not path.with_name("file.part").exists()
    assert lines[-1].startswith("file: 1.3 MB, 100")
    download("http://127.0.0.1:1/nobody", path, checksum=SUM)


def test_a_broken_download_goes_on_where_it_stopped(server, tmp_path):
    """The second call asks for the rest only."""
    path = tmp_path / "file"
    with pytest.raises(MissingData, match="run again to go on where it stopped"):
        download(f"{server}/cut", path, checksum=SUM, tell=lambda text: None)
    assert not path.exists()

    download(f"{server}/cut", path, checksum=SUM, tell=lambda text: None)

    assert path.read_bytes() == CONTENT
    assert Handler.ranges == [f"bytes={len(CONTENT) // 2}-"]


def test_a_whole_part_needs_no_more_bytes(server, tmp_path):
    """A run that died between the last byte and the renaming."""
    (tmp_path / "file.part").write_bytes(CONTENT)

    download(f"{server}/file", tmp_path / "file", checksum=SUM, tell=lambda text: None)

    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_wrong_file_is_never_kept(server, tmp_path):
    """Both sums are named; nothing is left, not even the part."""
    with pytest.raises(BadData, match=f"must begin with 12ab, got {SUM}"):
        download(
            f"{server}/file",
            tmp_path / "file",
            checksum="12ab",
            tell=lambda text: None,
        )

    assert {path.name for path in tmp_path.iterdir()} <= {"file.lock"}


@pytest.mark.parametrize("url", ["{server}/nothing", "http://127.0.0.1:1/nobody"])
def test_what_cannot_be_had_is_named_with_a_cure(server, tmp_path, url):
    """The address, and where to place the file by hand."""
    url = url.format(server=server)

    with pytest.raises(MissingData, match="or place the file at") as caught:
        download(url, tmp_path / "file", checksum=SUM)
    assert url in str(caught.value)


@pytest.mark.parametrize("odd", ODD)
def test_whatever_a_server_answers_is_one_error(server, tmp_path, odd):
    """The address, the reason and the cure; and no file."""
    url = f"{server}/{odd}"
    said = ""

    with warnings.catch_warnings():
        # urllib leaves a redirection to nowhere open.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            download(url, tmp_path / "file", checksum=SUM, tell=lambda text: None)
        except (MissingData, BadData) as error:
            said = str(error)
        gc.collect()

    assert url in said
    assert "()" not in said
    assert not (tmp_path / "file").exists()


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path, monkeypatch):
    """It accepts, and then there is silence; or a byte now and then."""
    monkeypatch.setattr("harness.download.TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        with pytest.raises(MissingData, match=r"timed out.*run again"):
            download(url, tmp_path / "file", checksum=SUM)


def test_a_server_that_drips_is_not_waited_for(tmp_path, monkeypatch):
    """No silence is long enough for the first limit, but nothing is gained."""
    monkeypatch.setattr("harness.download.TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as slow:

        def drip():
            connection, _ = slow.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 99999\r\n\r\n")
                for _ in range(200):
                    connection.sendall(b"x")
                    time.sleep(0.02)

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{slow.getsockname()[1]}/file"
        with pytest.raises(MissingData, match=r"bytes came in .*run again"):
            download(url, tmp_path / "file", checksum=SUM)
        thread.join()


def test_a_full_disk_is_told_from_a_bad_server(server, tmp_path, monkeypatch):
    """The cure is another folder, not another try."""
    full = Path("/dev/full")
    monkeypatch.setattr("harness.download._open", lambda *_: full.open("wb"))

    with pytest.raises(HarnessError, match=r"No space left.*--harness-cache-dir"):
        download(f"{server}/file", tmp_path / "file", checksum=SUM, tell=str)


def test_a_place_that_cannot_be_is_named(server, tmp_path):
    """A file where the cache should be; a folder where the file should be."""
    (tmp_path / "file").touch()
    with pytest.raises(HarnessError, match=r"cannot be written.*--harness-cache-dir"):
        download(f"{server}/file", tmp_path / "file" / "x", checksum=SUM)
    (tmp_path / "x" / "y").mkdir(parents=True)
    with pytest.raises(HarnessError, match=r"cannot be written.*--harness-cache-dir"):
        download(f"{server}/file", tmp_path / "x", checksum=SUM, tell=str)
