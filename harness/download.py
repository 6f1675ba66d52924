"""Downloads: resumable, verified, and never half there."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

from harness.artifacts import locked, unwritable
from harness.errors import BadData, MissingData

_CHUNK = 1 << 20
TIMEOUT = 60.0  # seconds without a byte; or with fewer than these
_SLOWEST = 1000
_CURE = "choose another folder with --harness-cache-dir"
# What a server, or the way to it, can do wrong.
_BROKEN = (
    urllib.error.URLError,
    http.client.HTTPException,
    TimeoutError,
    ConnectionError,
    ValueError,  # an address that it sends us to
)


def download(
    url: str,
    path: Path,
    *,
    checksum: str,
    algorithm: str = "sha256",
    tell: Callable[[str], None] = print,
) -> Path:
    """Fetch a file to `path` and verify it; return the path.

    What has arrived lies beside it as ``NAME.part``; a broken download goes on there.
    A file that fails its checksum is deleted, never kept.

    Parameters
    ----------
    checksum
        Hex digits that the digest must begin with.
    algorithm
        Name of the digest in `hashlib`.
    tell
        Is shown the progress, a line each tenth.

    Raises
    ------
    MissingData
        If the server cannot be reached or does not have the file.
    BadData
        If what arrived is not what was published.
    HarnessError
        If it cannot be written.
    """
    if path.is_file():
        return path
    with locked(path, what="download", tell=tell):
        if path.is_file():
            return path
        part = path.with_name(f"{path.name}.part")
        try:
            _fetch(url, part, tell)
            found = _digest(part, algorithm)
            if not found.startswith(checksum):
                part.unlink()
                raise BadData(
                    f"{url} gave a file whose {algorithm} must begin with {checksum}, "
                    f"got {found}; it was deleted"
                )
            part.replace(path)
        except _BROKEN as error:
            raise MissingData(
                f"{path.name}",
                [url],
                f"the download failed ({error or type(error).__name__}); run again to "
                f"go on where it stopped, or place the file at {path}",
            ) from error
        except OSError as error:
            raise unwritable(path, error, what="download", cure=_CURE) from error
    return path


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _fetch(url: str, part: Path, tell: Callable[[str], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url)
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # all of it is here already
            return
        raise
    with answer:
        resumed = answer.status == 206
        with _open(part, "ab" if resumed else "wb") as file:
            _receive(answer, file, have if resumed else 0, url, tell)


def _open(path: Path, mode: Literal["ab", "wb"]) -> BinaryIO:
    return path.open(mode)


def _receive(
    answer: http.client.HTTPResponse,
    file: BinaryIO,
    have: int,
    url: str,
    tell: Callable[[str], None],
) -> None:
    """Write what arrives, behind the bytes that are there already."""
    length = answer.headers.get("Content-Length") or "0"
    if not (length.isascii() and length.isdigit()):
        raise ConnectionError(f"the server gave {length!r} for the number of bytes")
    total = have + int(length)
    told = 0
    arrived, since = have, time.monotonic()
    while chunk := answer.read1(_CHUNK):
        file.write(chunk)
        have += len(chunk)
        if time.monotonic() - since > TIMEOUT:
            if have - arrived < _SLOWEST:
                raise TimeoutError(f"{have - arrived} bytes came in {TIMEOUT:.0f} s")
            arrived, since = have, time.monotonic()
        if total and 10 * have // total > told:
            told = 10 * have // total
            tell(f"{url.rpartition('/')[2]}: {have / 1e6:.1f} MB, {10 * told} %")
    if total and have < total:
        raise ConnectionError(f"the connection ended after {have} of {total} bytes")
