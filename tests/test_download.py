"""Downloads against a local server: whole, resumed, broken, wrong."""

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.download import download
from harness.errors import BadData, MissingData

CONTENT = bytes(range(256)) * 5000
SUM = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT, ranges too; /cut ends early, anything else is not there."""

    ranges: list[str] = []  # noqa: RUF012 - one server a test

    def do_GET(self):
        """Answer one request."""
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
        thread = threading.Thread(target=running.serve_forever)
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
