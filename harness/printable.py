"""Text from elsewhere, fit to be shown: nothing in it moves a cursor."""


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
