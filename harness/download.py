"""Downloads: resumable, verified, and never half there."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from harness.errors import BadData, MissingData

_CHUNK = 1 << 20


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
    """
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if path.exists():
            return path
        part = path.with_name(f"{path.name}.part")
        try:
            _fetch(url, part, tell)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            raise MissingData(
                f"{path.name}",
                [url],
                f"the download failed ({error}); run again to go on where it stopped, "
                f"or place the file at {path}",
            ) from error
        with part.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).hexdigest()
        if not found.startswith(checksum):
            part.unlink()
            raise BadData(
                f"{url} gave a file whose {algorithm} must begin with {checksum}, got "
                f"{found}; it was deleted"
            )
        part.replace(path)
    return path


def _fetch(url: str, part: Path, tell: Callable[[str], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url)
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # all of it is here already
            return
        raise
    with answer:
        resumed = answer.status == 206
        have = have if resumed else 0
        total = have + int(answer.headers.get("Content-Length") or 0)
        told = 0
        with part.open("ab" if resumed else "wb") as file:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                have += len(chunk)
                if total and 10 * have // total > told:
                    told = 10 * have // total
                    tell(
                        f"{url.rpartition('/')[2]}: {have / 1e6:.1f} MB, {10 * told} %"
                    )
    if total and have < total:
        raise ConnectionError(f"the connection ended after {have} of {total} bytes")
