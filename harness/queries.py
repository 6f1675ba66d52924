"""Facts after a path or a name, as in a web address: ``PATH?name=mine&role=target``."""

import errno
import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

_LONGEST = 255  # bytes in a part of a path, on the file systems in use


def possible_path(text: str) -> Path:
    """A path that the system can look for, whether anything lies there or not.

    Raises
    ------
    ValueError
        If it is empty, or no path can be called so: a part of too many letters, a NUL,
        a loop of links, the home of nobody.

    Examples
    --------
    >>> possible_path("photos\\0")
    Traceback (most recent call last):
    ...
    ValueError: must be a path that can be, got 'photos\\x00': embedded null byte
    """
    if not text.strip():
        raise ValueError("must be a path, got an empty text")
    try:
        path = Path(text).expanduser()
        if any(len(os.fsencode(part)) > _LONGEST for part in path.parts):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        path.stat()
    except OSError as error:
        if error.errno not in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL):
            return path  # nothing there, or no right to look: others say so
        why = error.strerror
    except (ValueError, RuntimeError) as error:
        why = str(error)
    else:
        return path
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    raise ValueError(f"must be a path that can be, got {shown!r}: {why}")


def split_query(text: str, known: Sequence[str]) -> tuple[str, dict[str, str]]:
    """What stands before the question mark, and the facts after it.

    Parameters
    ----------
    text
        ``SOMETHING`` or ``SOMETHING?fact=value&fact=value``.
    known
        Names that a fact may have; one that ends in a dot stands for all that begin
        with it.

    Raises
    ------
    ValueError
        If nothing stands before or after the mark, or a fact is unknown, empty or given
        twice.

    Examples
    --------
    >>> split_query("photos", ["name"])
    ('photos', {})
    >>> split_query("a/b.npz?name=cam&role=target", ["name", "role"])
    ('a/b.npz', {'name': 'cam', 'role': 'target'})
    >>> split_query("photos?trait.weather=fog", ["name", "trait."])
    ('photos', {'trait.weather': 'fog'})
    """
    before, mark, query = text.partition("?")
    if not before.strip():
        raise ValueError(f"must not be empty, got {text!r}")
    if mark and not query.strip():
        raise ValueError(
            f"must give a fact after the question mark, got {text!r}; a path that has "
            "one in its name cannot be given: rename it, or name a link to it"
        )
    facts: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in known and not any(
            one.endswith(".") and name.startswith(one) for one in known
        ):
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise ValueError(
                f"has an unknown fact {name!r} in {text!r}; {hint}known: "
                f"{', '.join(known)}"
            )
        if not value or name in facts:
            raise ValueError(f"must give {name} one value, once, got {text!r}")
        facts[name] = value
    return before.strip(), facts


def safe_name(text: str) -> str:
    r"""A text without what a dataset's or model's name must not have.

    Examples
    --------
    >>> safe_name("my photos [2024], all")
    'my-photos-2024-all'
    >>> safe_name("red\x1b[31m")
    'redx1b-31m'
    """
    words = "".join(
        " " if c in "[]*?,:&= \t\n" else _printable(c) for c in text
    ).split()
    return "-".join(words) or "unnamed"


def _printable(letter: str) -> str:
    """A letter, or in hexadecimal the byte that is none."""
    if letter.isprintable() or letter.isspace():
        return letter
    return f"x{ord(letter) & 0xFF:02x}"
