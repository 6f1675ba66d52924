"""Downloads: resumed where possible, checked, and renamed only when they are whole."""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

CHUNK = 1 << 20
TIMEOUT = 30.0  # seconds without a byte
ATTEMPTS = 3
REPORT_EVERY = 2.0  # seconds

Progress = Callable[[str], None]


def fetch(
    url: str,
    path: Path,
    *,
    sha256: str = "",
    progress: Progress | None = None,
    attempts: int = ATTEMPTS,
) -> None:
    """Download a file, once even if many processes ask for it.

    It grows as ``NAME.part`` and gets its name when it is complete and its digest is
    right. After a broken connection the next attempt, or the next run, goes on where
    this one stopped; without a digest to check the whole it begins again instead, since
    the file behind the address may have changed.

    Parameters
    ----------
    url
        ``http://`` or ``https://``.
    path
        Where it shall lie.
    sha256
        Of the whole file, or at least its beginning; empty if unknown.
    progress
        Called with a line every few seconds.
    attempts
        How often to try before giving up.

    Raises
    ------
    ConnectionError
        If it cannot be had.
    ValueError
        If the address is no web address, or the digest is another one. What was
        downloaded is then deleted.
    """
    from filelock import FileLock

    if not url.startswith(("http://", "https://")):
        raise ValueError(f"`url` must begin with http:// or https://, got {url!r}")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with FileLock(path.with_name(path.name + ".lock")):
        if path.is_file():  # another process was quicker
            return
        if not sha256:
            part.unlink(missing_ok=True)
        _complete(url, part, bool(sha256), progress, attempts)
        digest = _digest(part)
        if not digest.startswith(sha256.lower()):
            part.unlink()
            raise ValueError(
                f"sha256 of {url} must begin with {sha256}, got {digest[:16]}; the "
                "download was deleted. Try again, or fetch the file by hand"
            )
        part.replace(path)


def _complete(
    url: str, part: Path, resume: bool, progress: Progress | None, attempts: int
) -> None:
    """Grow `part` until it is whole."""
    for attempt in range(1, attempts + 1):
        try:
            _grow(url, part, progress)
        except (OSError, http.client.HTTPException) as error:
            # HTTPError is an OSError. A client error will not go away.
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if not resume:
                part.unlink(missing_ok=True)
            if refused or attempt == attempts:
                raise ConnectionError(
                    f"{url} could not be downloaded ({error}) in {attempt} attempts; "
                    "fetch it by hand and give its folder with --harness-weights-root"
                ) from error
            if progress is not None:
                progress(f"downloading {part.stem}: {error}; trying again")
        else:
            return


def _grow(url: str, part: Path, progress: Progress | None) -> None:
    have = part.stat().st_size if part.is_file() else 0
    # Without this header the bytes may come compressed, and ranges count those.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        )
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and have:  # nothing is left: it was whole already
                return
        raise
    with response:
        if response.status != 206:  # the server sends the whole
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length is not None else None
        with part.open("ab" if have else "wb") as file:
            said = time.monotonic()
            while chunk := response.read(CHUNK):
                file.write(chunk)
                have += len(chunk)
                if progress is not None and time.monotonic() - said > REPORT_EVERY:
                    said = time.monotonic()
                    progress(f"downloading {part.stem}: {_amount(have, total)}")
    if total is not None and have < total:
        raise ConnectionError(f"the connection ended at byte {have} of {total}")
    if progress is not None:
        progress(f"downloaded {part.stem}: {_amount(have, total)}")


def _amount(have: int, total: int | None) -> str:
    """Megabytes so far.

    Examples
    --------
    >>> _amount(1_500_000, 3_000_000), _amount(1_500_000, None)
    ('1.5 of 3.0 MB', '1.5 MB')
    """
    return f"{have / 1e6:.1f}{f' of {total / 1e6:.1f}' if total else ''} MB"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
