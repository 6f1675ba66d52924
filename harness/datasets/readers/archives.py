"""Archives of data: fetched, verified, and unpacked whole or not at all."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from harness.artifacts import locked, unwritable
from harness.download import download
from harness.errors import BadData

# Python itself takes no other kind of member from 3.11.4 on, where it is told to.
_PLAIN: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def fetch_archive(
    url: str, folder: Path, *, checksum: str, algorithm: str = "sha256"
) -> Path:
    """Fetch a tar archive that holds one folder; return the folder once it is there.

    It is unpacked beside `folder` and renamed, so an interrupted run leaves no half of
    it; the archive is deleted afterwards.

    Parameters
    ----------
    folder
        Where the archive's folder of the same name shall be.
    checksum, algorithm
        See `harness.download.download`.

    Raises
    ------
    MissingData, BadData
        If it cannot be fetched, is not the published file, or holds no such folder.
    HarnessError
        If it cannot be written.
    """
    if folder.exists():
        return folder
    unpacking = folder.with_name(f"{folder.name}.unpacking")
    with locked(unpacking, what="data", tell=print):
        if folder.exists():
            return folder
        archive = download(
            url,
            folder.parent / url.rpartition("/")[2],
            checksum=checksum,
            algorithm=algorithm,
        )
        shutil.rmtree(unpacking, ignore_errors=True)
        try:
            with tarfile.open(archive) as tar:
                _check(tar)
                tar.extractall(unpacking, **_PLAIN)
            if not (unpacking / folder.name).is_dir():
                raise BadData(
                    f"{archive} must hold a folder {folder.name}, but has none"
                )
            (unpacking / folder.name).replace(folder)
            archive.unlink()
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise BadData(f"{archive} cannot be unpacked: {error}") from error
        except OSError as error:
            cure = "choose another folder with --harness-cache-dir"
            raise unwritable(folder, error, what="data", cure=cure) from error
        finally:
            shutil.rmtree(unpacking, ignore_errors=True)
    return folder


def _check(tar: tarfile.TarFile) -> None:
    """Refuse what is neither a file nor a folder below where it is unpacked."""
    for member in tar:
        parts = PurePosixPath(member.name).parts
        inside = ".." not in parts and not member.name.startswith("/")
        if not inside or not (member.isfile() or member.isdir()):
            raise tarfile.TarError(
                f"{member.name!r:.60} in it is no file or folder below its own folder"
            )
