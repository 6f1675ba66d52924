"""Text fit to be shown: nothing in it moves a cursor, and one thing is no things."""


def printable(text: str, *, keep: str = "") -> str:
    r"""A text with what cannot be seen written out.

    Control characters move the cursor or change colours, some others turn the direction
    of what follows: with them a name could forge a line of the report.

    Parameters
    ----------
    keep
        Characters that stay as they are.

    Examples
    --------
    >>> printable("net\x1b[2J\u202e")
    'net\\x1b[2J\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else _written(c) for c in text)


def _written(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def shown_bytes(size: float) -> str:
    """A number of bytes, to three digits.

    Examples
    --------
    >>> [shown_bytes(size) for size in (0, 999, 12_345, 999_999, 4.2e12, 5e16)]
    ['0 bytes', '999 bytes', '12.3 kB', '1 MB', '4.2 TB', '50000 TB']
    """
    if size < 1000:
        return f"{size:.0f} byte{'' if size == 1 else 's'}"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.3g} {unit}"
    size /= 1000
    return f"{size:.3g} TB" if size < 1000 else f"{size:.0f} TB"


def counted(n: int, word: str) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "label"), counted(2, "label"), counted(0, "class")
    ('1 label', '2 labels', '0 classes')
    """
    if n == 1:
        return f"1 {word}"
    return f"{n} {word}{'es' if word.endswith('s') else 's'}"
