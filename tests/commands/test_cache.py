"""`harness cache` lists, verifies and prunes, and touches its own alone."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from harness.answers.keeping import Keeping
from harness.answers.under_way import PassUnderWay
from harness.artifacts import lock_of, made_once, sum_of, write_summed
from harness.caches import Item, day_of, items, remove, to_go
from harness.cli import main
from harness.commands.cache import age
from harness.datasets.decoded import Decoded
from harness.datasets.remembered import Memory, stamp
from harness.models.tap import Seen
from harness.views import IDENTITY

DAY = 86400.0
NOW = time.time()


def unused_for(path, days):
    os.utime(path, (NOW - days * DAY, NOW - days * DAY))


def kept(root, name, kind="logits", rows=50):
    """Answers as a run keeps them; returns the file."""
    before = set(root.rglob("*.safetensors"))
    run = Keeping(root / "answers", kind, {})
    logits = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
    run.of(name, lambda: {"name": name, "images": rows}).offer(IDENTITY, logits)
    (path,) = set(root.rglob("*.safetensors")) - before
    return path


@pytest.fixture
def cache(tmp_path):
    """One of each kind, of 40 days ago, but for logits of today; and others' files."""
    torch = pytest.importorskip("torch")
    root = tmp_path / "cache"
    made_once(root / "heads" / "a.safetensors", lambda: b"head", what="h", tell=print)
    weights = root / "models" / f"toy-net-{'0' * 16}.safetensors"
    weights.parent.mkdir(parents=True)
    write_summed(weights, b"weights", what="weights")
    write_summed(weights.with_suffix(".record.npz"), b"record", what="record")
    (root / "weights").mkdir()
    (root / "weights" / "published-12345678.pt").write_bytes(b"published")
    kept(root, "a on b", "predictions")
    on_disk = Decoded()
    on_disk.keep_in(root / "decoded", 10**6)
    on_disk.offer("0" * 64, np.zeros((1, 4, 4, 3), dtype=np.uint8))
    a_pass = PassUnderWay(root / "under-way" / "p", "a on b", 600)
    seen = Seen(answer=torch.zeros(500, 3), features={}, unfit={}, images=500)
    assert a_pass._write(0, seen)
    source = tmp_path / "source"
    source.write_text("x")
    unused_for(source, 1)
    memory = Memory()
    memory.keep_in(root)
    memory.get("what", {source: stamp(source)}, lambda: "found")
    for path in root.rglob("*"):
        if path.is_file():
            unused_for(path, 40)
    kept(root, "c on d")
    (root / "CIFAR-10-C").mkdir()
    (root / "CIFAR-10-C" / "fog.npy").write_bytes(b"fog" * 1000)
    return root


def harness(capsys, *arguments):
    status = main(["cache", *map(str, arguments)])
    return status, capsys.readouterr().out


def left(root):
    """Kinds that still have something."""
    return {item.kind for item in items(root)}


ALL = {
    *("weights", "heads", "predictions", "logits", "decoded"),
    *("under-way", "remembered"),
}


def test_all_kinds_are_listed_with_their_bytes_and_use(cache, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    status, out = harness(capsys, "--cache-dir", cache)

    assert status == 0
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line}
    day, today = day_of(NOW - 40 * DAY), day_of(NOW)
    assert rows["heads"][1:] == ["1", "69", "bytes", day, day]  # with its sum
    assert rows["weights"][1] == "2"  # weights with their record, and a download
    assert rows["logits"][-2:] == [today, today]
    assert {kind for kind in ALL if rows[kind][1] != "0"} == ALL
    assert "beside it, and left alone: CIFAR-10-C (3 kB)" in out
    size = sum(item.size for item in items(cache))
    ours = [p for p in cache.rglob("*") if p.is_file() and "CIFAR-10-C" not in p.parts]
    locks = (".lock", ".holder")
    assert size == sum(p.stat().st_size for p in ours if p.suffix not in locks)


@pytest.mark.parametrize("action", [[], ["verify"], ["prune", "--to", "0"]])
def test_an_empty_usual_cache_says_how_another_is_named(
    tmp_path, capsys, monkeypatch, action
):
    """Who has set it in an ini file is told of a folder that is not theirs."""
    monkeypatch.delenv("HARNESS_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said = "is named by --cache-dir or HARNESS_CACHE_DIR"
    status, out = harness(capsys, *action)
    assert status == 0
    assert said in out.splitlines()[-1]

    (tmp_path / "named").mkdir()
    assert said not in harness(capsys, *action, "--cache-dir", tmp_path / "named")[1]


def test_what_is_whole_is_verified_and_what_is_damaged_is_named(cache, capsys):
    """Each kind by its own digest; what has none is counted."""
    status, out = harness(capsys, "verify", "--cache-dir", cache)
    assert status == 0
    assert "8 files are held to their digests, 0 of them are damaged" in out

    places = [
        cache / "heads" / "a.safetensors",
        cache / "models" / f"toy-net-{'0' * 16}.record.npz",
        next(cache.glob("answers/logits/*/*")),
        next(cache.glob("answers/predictions/*/*")),
        cache / "decoded" / ("0" * 64),
        cache / "under-way" / "p" / "000000.npz",
        next(cache.glob("remembered/*")),
    ]
    for path in places:
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    status, out = harness(capsys, "verify", "--cache-dir", cache)
    assert status == 1
    for path in places:
        assert f"DAMAGED {path}\n" in out
    assert out.count("DAMAGED") == len(places)


def test_what_was_not_used_for_long_goes(cache, capsys):
    status, out = harness(capsys, "prune", "--older-than", "30d", "--cache-dir", cache)

    assert status == 0
    assert left(cache) == {"logits"}
    assert (cache / "CIFAR-10-C" / "fog.npy").exists()
    assert "7 items removed" in out
    assert not (cache / "under-way" / "p").exists()
    assert not sum_of(cache / "heads" / "a.safetensors").exists()


def test_a_dry_run_removes_nothing(cache, capsys):
    status, out = harness(
        capsys, "prune", "--older-than", "30d", "--dry-run", "--cache-dir", cache
    )

    assert status == 0
    assert left(cache) == ALL
    assert "7 items would be removed" in out


def test_kinds_alone_are_pruned(cache, capsys):
    harness(
        capsys, "prune", "--to", "0", "--kind", "heads", "--kind", "logits",
        "--cache-dir", cache,
    )  # fmt: skip

    assert left(cache) == ALL - {"heads", "logits"}


def test_the_longest_unused_go_until_the_rest_fits(tmp_path, capsys):
    """Three of one size: of two and a half the oldest goes."""
    paths = [kept(tmp_path, f"model{i} on set") for i in range(3)]
    for path, days in zip(paths, (1, 3, 2), strict=True):
        unused_for(path, days)
    size = max(path.stat().st_size for path in paths)

    status, out = harness(
        capsys, "prune", "--to", f"{2.5 * size / 1000:.3f}kB", "--cache-dir", tmp_path
    )

    assert status == 0
    assert [path.exists() for path in paths] == [True, False, True]
    assert "logits: 1 removed" in out


def test_use_is_noted_when_it_is_used(tmp_path):
    """A head that is found, and answers that are read, are as new."""
    head = tmp_path / "heads" / "a.safetensors"
    for _ in range(2):
        made_once(head, lambda: b"head", what="head", tell=print)
        (item,) = items(tmp_path, ["heads"])
        assert item.used > NOW - 60
        unused_for(head, 40)
        unused_for(sum_of(head), 40)
    path = kept(tmp_path, "a on b")
    unused_for(path, 40)
    run = Keeping(tmp_path / "answers", "logits", {})
    run.of("", lambda: {"name": "a on b", "images": 50}).logits(IDENTITY)
    assert path.stat().st_mtime > NOW - 60


@pytest.mark.parametrize("kind", ["heads", "weights", "under-way"])
def test_what_a_run_may_rely_on_now_is_left(cache, capsys, kind):
    """Used within the hour: pruned by neither age nor size."""
    for item in items(cache, [kind]):
        for path in item.files:
            unused_for(path, 0.01)
    _, out = harness(
        capsys, "prune", "--older-than", "0h", "--to", "0", "--cache-dir", cache
    )

    assert left(cache) == {kind}
    assert "were used within the hour" in out


def test_what_is_being_made_is_left_and_named(cache, capsys):
    """Its lock is held by another process, or another thread."""
    with FileLock(str(lock_of(cache / "heads" / "a.safetensors"))):
        status, out = harness(
            capsys, "prune", "--older-than", "1d", "--cache-dir", cache
        )
        verified, _ = harness(capsys, "verify", "--cache-dir", cache)

    assert status == 1
    assert verified == 0
    assert "left: heads/a.safetensors: another process is making it" in out
    assert left(cache) == {"heads", "logits"}


def test_what_was_used_since_it_was_looked_at_is_left(tmp_path):
    path = kept(tmp_path, "a on b")
    unused_for(path, 40)
    (item,) = items(tmp_path)
    os.utime(path)

    assert remove(tmp_path, item) == "it was used meanwhile"
    assert path.exists()


def test_no_link_is_followed_out_of_the_cache(tmp_path, capsys):
    """Neither a folder nor a file that is one, and none that comes in between."""
    root, outside = tmp_path / "cache", tmp_path / "outside"
    path = kept(outside, "a on b")
    unused_for(path, 40)
    (root / "heads").mkdir(parents=True)
    (root / "heads" / "b.safetensors").symlink_to(path)
    (root / "heads" / "deep").symlink_to(path.parent)
    (root / "answers").symlink_to(outside / "answers")
    (root / "decoded").symlink_to(path.parent)

    assert items(root) == []
    status, _ = harness(capsys, "prune", "--to", "0", "--cache-dir", root)
    assert status == 0
    assert path.exists()
    assert (root / "heads" / "b.safetensors").is_symlink()

    through = root / "answers" / path.relative_to(outside / "answers")
    item = Item(kind="logits", name="x", files=(through,), size=1, used=NOW)
    assert "link that leads out of the cache" in remove(root, item)
    assert path.exists()


def test_a_cache_that_is_a_link_itself_is_one(tmp_path, capsys):
    path = kept(tmp_path / "there", "a on b")
    (tmp_path / "here").symlink_to(tmp_path / "there")

    status, out = harness(
        capsys, "prune", "--to", "0", "--cache-dir", tmp_path / "here"
    )

    assert status == 0
    assert "1 items removed" in out
    assert not path.exists()


def test_what_a_killed_run_was_writing_goes_after_an_hour(tmp_path, capsys):
    path = kept(tmp_path, "a on b")
    torn = path.with_name(".0123456789abcdef.tmp")
    torn.write_bytes(b"half")
    harness(capsys, "prune", "--to", "0", "--cache-dir", tmp_path)
    assert (path.exists(), torn.exists()) == (False, True)

    unused_for(torn, 1)
    harness(capsys, "prune", "--older-than", "2h", "--cache-dir", tmp_path)
    assert not torn.exists()


def test_what_may_not_go_takes_room_of_what_may(tmp_path):
    def item(name, size, days, kind="logits"):
        used = NOW - days * DAY
        return Item(kind=kind, name=name, files=(Path(name),), size=size, used=used)

    found = [item("a", 5, 1), item("b", 5, 2), item("h", 5, 0, "heads")]
    names = [one.name for one in to_go(found, now=NOW, most=10)]
    assert names == ["b"]
    assert [one.name for one in to_go(found, now=NOW, most=4)] == ["b", "a"]
    assert to_go(found, now=NOW, most=15) == []
    assert [o.name for o in to_go(found, now=NOW, older_than=1.5 * DAY)] == ["b"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["prune"], "prune needs --older-than or --to"),
        (["--to", "5GB"], "are of `harness cache prune`"),
        (["verify", "--dry-run"], "are of `harness cache prune`"),
        (["--cache-dir", __file__], "must be a folder, and is a file"),
    ],
)
def test_what_cannot_be_meant_is_refused(capsys, arguments, said):
    assert main(["cache", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "30", "30m", "-1d", "1.5d", "٣d", "9999999d"])
def test_an_age_is_of_hours_days_or_weeks(text):
    with pytest.raises(ValueError, match="must be hours, days or weeks"):
        age(text)


def test_a_cache_that_is_not_there_is_an_empty_one(tmp_path, capsys):
    status, out = harness(capsys, "--cache-dir", tmp_path / "none")

    assert status == 0
    assert "0 items, 0 bytes" in out
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("action", [["verify"], ["prune", "--to", "0"]])
def test_a_cache_that_is_not_there_is_neither_whole_nor_pruned(
    tmp_path, capsys, action
):
    """A folder that is mistyped had no damaged file, and status 0."""
    assert main(["cache", *action, "--cache-dir", str(tmp_path / "none")]) == 2
    assert f"cache {tmp_path / 'none'} not found" in capsys.readouterr().err


def test_a_name_cannot_forge_a_line(tmp_path, capsys):
    (tmp_path / "x\x1b[2J\ny").write_text("")
    _, out = harness(capsys, "--cache-dir", tmp_path)

    assert "\x1b" not in out
    assert "x\\x1b[2J" in out
