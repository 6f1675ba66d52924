"""What lies in the cache folder: list it, verify it, prune it.

Weights that were trained here or downloaded, heads, kept answers of networks
(--harness-keep), decoded images (--harness-decoded-cache), blocks of passes under way,
and what was found out about files. All of it is made anew when it is needed.

    harness cache
    harness cache verify
    harness cache prune --older-than 30d --to 10GB
    harness cache prune --kind predictions --kind logits --to 0 --dry-run

The cache is that of --cache-dir, of HARNESS_CACHE_DIR, or else of the platform. What
else lies there is left alone and no link is followed. A run may be at work meanwhile.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.caches import (
    KINDS,
    Item,
    damaged,
    day_of,
    elsewhere,
    items,
    may_go,
    remove,
    to_go,
)
from harness.commands.arguments import add_settings, settings_of, typed
from harness.errors import HarnessError
from harness.options import size_in_bytes
from harness.printable import printable, shown_bytes

if TYPE_CHECKING:
    from rich.console import RenderableType

_ELSEWHERE = (
    "the usual cache is empty; what runs have by --harness-cache-dir, or by "
    "harness_cache_dir of an ini file, is named by --cache-dir or HARNESS_CACHE_DIR"
)
_AGE = re.compile(r"(\d{1,6})\s*([hdw])", re.IGNORECASE)
_SECONDS = {"h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


def age(text: str) -> float:
    """Seconds of 12h, 30d or 8w.

    Raises
    ------
    ValueError
        If it is nothing of the kind.

    Examples
    --------
    >>> age("36h"), age("1D"), age("2w")
    (129600.0, 86400.0, 1209600.0)
    """
    found = _AGE.fullmatch(text.strip())
    if found is None or not found[1].isascii():
        raise ValueError(
            f"must be hours, days or weeks, such as 12h, 30d or 8w, got {text!r}"
        )
    return int(found[1]) * _SECONDS[found[2].lower()]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with what."""
    parser.add_argument(
        "action",
        nargs="?",
        default="list",
        choices=("list", "verify", "prune"),
        help="list (default); verify: read everything and name what is damaged, exit "
        "status 1 if anything is; prune: remove what was not used for long",
    )
    add_settings(parser, "cache_dir")
    parser.add_argument(
        "--kind",
        action="append",
        choices=KINDS,
        help="of these alone (repeatable; default: all)",
    )
    parser.add_argument(
        "--older-than",
        type=typed(age),
        metavar="AGE",
        help="prune what was not used for so long: 12h, 30d, 8w",
    )
    parser.add_argument(
        "--to",
        type=typed(size_in_bytes),
        metavar="SIZE",
        help="prune, the longest unused first, until no more than this is left: 10GB",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what prune would remove"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 where something is damaged, or could not be removed."""
    from harness.report.text import show

    root = settings_of(arguments).cache_dir
    kinds = tuple(dict.fromkeys(arguments.kind or KINDS))
    asked = arguments.older_than is not None or arguments.to is not None
    if arguments.action != "prune" and (asked or arguments.dry_run):
        raise HarnessError(
            "--older-than, --to and --dry-run are of `harness cache prune`"
        )
    if arguments.action == "prune" and not asked:
        raise HarnessError(
            "prune needs --older-than or --to, for instance --older-than 30d"
        )
    if root.exists() and not root.is_dir():
        raise HarnessError(f"cache {root} must be a folder, and is a file")
    if arguments.action != "list" and arguments.cache_dir and not root.exists():
        raise HarnessError(  # nothing damaged in it would be no news
            f"cache {root} not found; name the folder that runs had as "
            "--harness-cache-dir"
        )
    found = items(root, kinds)
    lines: list[str] = []
    status = 0
    if arguments.action == "list":
        show(_listed(root, found, kinds))
    elif arguments.action == "verify":
        lines, status = _verified(found)
    else:
        lines, status = _pruned(root, found, arguments)
    if lines:
        lines.insert(0, f"cache {root}")
    if not found and not arguments.cache_dir:
        lines.append(_ELSEWHERE)
    for line in lines:
        print(printable(line))  # not folded: paths are to be copied
    return status


def _listed(
    root: Path, found: Sequence[Item], kinds: Sequence[str]
) -> Iterable[RenderableType]:
    from harness.report.columns import Block, Columns, Names, Number

    yield f"cache {root}"
    heads = ("items", "size", "oldest use", "newest use")
    table = Columns(
        names=(Names(head="kind", widest=20, whole=True),),
        blocks=tuple(Block(numbers=(Number(name=name),)) for name in heads),
    )
    for kind in kinds:
        some = [item for item in found if item.kind == kind]
        used = sorted(item.used for item in some)
        table.add(
            (kind,),
            (f"{len(some):,}",),
            (shown_bytes(sum(item.size for item in some)),),
            *(((day_of(used[i]) if used else "-"),) for i in (0, -1)),
        )
    yield table
    yield f"{len(found):,} items, {shown_bytes(sum(item.size for item in found))}"
    if others := elsewhere(root):
        named = ", ".join(f"{name} ({shown_bytes(size)})" for name, size in others)
        yield f"beside it, and left alone: {named}"


def _verified(found: Sequence[Item]) -> tuple[list[str], int]:
    lines: list[str] = []
    read = bad = 0
    for item in found:
        torn, looked_at = damaged(item)
        read += looked_at
        bad += len(torn)
        lines += [f"DAMAGED {path}" for path in torn]
    files = sum(len(item.files) for item in found)
    lines.append(
        f"{read:,} files are held to their digests, {bad:,} of them are damaged"
        + (" and will be made anew when they are needed" if bad else "")
    )
    if rest := files - read:
        lines.append(
            f"{rest:,} more have none to be held to here: sums, checkpoints, and "
            "downloads, which are held to what was published when they are loaded"
        )
    return lines, int(bool(bad))


def _pruned(
    root: Path, found: Sequence[Item], arguments: argparse.Namespace
) -> tuple[list[str], int]:
    now = time.time()
    chosen = to_go(found, now=now, older_than=arguments.older_than, most=arguments.to)
    left: dict[Item, str] = {}
    if not arguments.dry_run:
        left = {item: why for item in chosen if (why := remove(root, item))}
    gone = [item for item in chosen if item not in left]
    word = "would be removed" if arguments.dry_run else "removed"
    lines: list[str] = []
    for kind in KINDS:
        some = [item for item in gone if item.kind == kind]
        if some:
            size = shown_bytes(sum(item.size for item in some))
            lines.append(
                f"{kind}: {len(some):,} {word}, {size}, last used "
                f"{day_of(some[0].used)} to {day_of(some[-1].used)}"
            )
    lines += [f"left: {item.name}: {why}" for item, why in left.items()]
    rest = sum(item.size for item in found) - sum(item.size for item in gone)
    total = shown_bytes(sum(item.size for item in gone))
    lines.append(f"{len(gone):,} items {word}, {total}; {shown_bytes(rest)} left")
    recent = [item for item in found if not may_go(item, now)]
    if recent and (arguments.to is None or rest > arguments.to):
        size = shown_bytes(sum(item.size for item in recent))
        lines.append(
            f"{len(recent):,} of them, {size}, were used within the hour, perhaps by a "
            "run that is at work"
        )
    return lines, int(bool(left))
