"""Two JSON reports, number by number: what a change of the code has changed.

    python -m benchmarks.same_numbers BEFORE.json AFTER.json

Every measurement, fit, interval, rank and verdict of the first must be in the second,
the same to the last bit. What tells when and by which code a run was made is left out:
times, dates, keys, versions, digests. What only the second has is listed and no fault.
The exit status is 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Of when and how a run was made, wherever they stand.
LEFT_OUT = frozenset(
    {"seconds", "key", "version", "versions", "date", "code", "weights", "data", "test"}
)


def main() -> int:
    """Compare, and print a line for each kind of difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    given = parser.parse_args()
    before, after = (json.loads(p.read_text()) for p in (given.before, given.after))
    same = sum(1 for _ in leaves(before))
    kinds: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for path, what in differences(before, after):
        kind = f"{'.'.join(p for p in path if isinstance(p, str))}: {what[0]}"
        kinds[kind] += 1
        examples.setdefault(kind, what[1])
    faults = {kind: n for kind, n in kinds.items() if not kind.endswith("only after")}
    print(f"{same} values before, {sum(faults.values())} of them differ")
    for kind, n in kinds.items():
        print(f"  {n} {kind} {examples[kind]}")
    return int(bool(faults))


def leaves(value: Any) -> Iterator[Any]:
    """Every number and text that is compared."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in LEFT_OUT:
                yield from leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield value


Place = tuple[str | int, ...]


def differences(
    before: Any, after: Any, path: Place = ()
) -> Iterator[tuple[Place, tuple[str, str]]]:
    """Where they differ: the place, the kind, and what was found.

    Floats are compared as JSON gives them back: equal texts, equal bits.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before.keys() | after.keys():
            if name in LEFT_OUT:
                continue
            if name not in before:
                yield (*path, name), ("only after", "")
            elif name not in after:
                yield (*path, name), ("only before", "")
            else:
                yield from differences(before[name], after[name], (*path, name))
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield path, ("lengths", f"{len(before)} and {len(after)}")
            return
        for i, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, (*path, i))
    elif type(before) is not type(after) or before != after:
        yield path, ("differs", f"{before!r:.60} and {after!r:.60}")


if __name__ == "__main__":
    raise SystemExit(main())
