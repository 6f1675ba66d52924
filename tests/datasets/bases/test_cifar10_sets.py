"""Published CIFAR-10 test sets: small files in their layouts, also broken, fetched."""

import hashlib
import io
import tarfile
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from harness.datasets.bases import cifar10_sets
from harness.datasets.made.corruptions.catalogue import EXTRA, STANDARD
from harness.datasets.readers import archives
from harness.errors import BadData, MissingData, UnknownName
from harness.measurement import Domain
from harness.registry import Registry
from harness.run import Run
from harness.settings import Settings

RNG = np.random.default_rng(0)
LABELS = np.array([3, 0, 9, 9])
SUMS = dict(cifar10_sets.DOWNLOADS)


def images(n=4):
    return RNG.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


PIXELS = images()


@pytest.fixture
def settings(tmp_path):
    """Data and an empty cache in folders of their own."""
    root = tmp_path / "data"
    (root / "cifar10" / "test").mkdir(parents=True)
    np.save(root / "cifar10" / "test" / "data.npy", PIXELS)
    np.save(root / "cifar10" / "test" / "labels.npy", LABELS)
    return Settings(
        base="cifar10",
        data_root=root,
        cache_dir=tmp_path / "cache",
        store=tmp_path / "store",
    )


def members(family, settings):
    return Registry().families_of("cifar10")[family].datasets(settings)


def save_pair(folder, version="v6", pixels=PIXELS, labels=LABELS):
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"cifar10.1_{version}_data.npy", pixels)
    np.save(folder / f"cifar10.1_{version}_labels.npy", labels)


# --- CIFAR-10.1 -----------------------------------------------------------------------


@pytest.mark.parametrize("place", ["CIFAR-10.1", "CIFAR-10.1/datasets", "."])
def test_cifar10_1_is_two_arrays_side_by_side(settings, place):
    """In a folder of its own, in a clone of its repository, or loose."""
    save_pair(settings.data_root / place)

    (found,) = members("cifar10.1", settings)

    assert (found.name, found.domain) == ("cifar10.1", Domain.EXTERIOR)
    assert isinstance(found.load().pixels, np.memmap)
    assert (found.load().pixels == PIXELS).all()
    assert found.labels().tolist() == LABELS.tolist()
    with pytest.raises(MissingData, match=r"cifar10\.1_v4_data\.npy and"):
        members("cifar10.1-v4", settings)


def test_the_versions_of_cifar10_1_are_two_families(settings):
    """The name without a version means v6; v4 is found, too."""
    save_pair(settings.data_root, "v4", pixels=PIXELS[:3], labels=LABELS[:3])
    save_pair(settings.cache_dir / "CIFAR-10.1")

    assert members("cifar10.1-v4", settings)[0].size() == 3
    assert members("cifar10.1", settings)[0].size() == 4


@pytest.mark.parametrize(
    ("pixels", "labels", "message"),
    [
        (
            PIXELS.astype(np.float32),
            LABELS,
            r"_v6_data\.npy must be uint8, from 0 to 255",
        ),
        (PIXELS.reshape(4, -1), LABELS, r"_v6_data\.npy must have shape"),
        (PIXELS[:, :28, :28], LABELS, "must be 32x32x3, got 28x28x3"),
        (PIXELS, LABELS + 1, r"must be in 0\.\.9, got 1\.\.10"),
        (PIXELS, LABELS[:3], "holds 4 images but 3 labels"),
        (PIXELS, LABELS / 1, "must be one whole number an image, got float64"),
    ],
)
def test_wrong_arrays_show_before_any_work(settings, pixels, labels, message):
    """Kind, shape and labels of a user's own files are checked at declaration."""
    save_pair(settings.data_root, pixels=pixels, labels=labels)

    with pytest.raises(BadData, match=message):
        members("cifar10.1", settings)


def test_a_truncated_array_is_refused_by_name(settings):
    """A broken copy shows at declaration."""
    save_pair(settings.data_root)
    path = settings.data_root / "cifar10.1_v6_data.npy"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(BadData, match=r"cifar10\.1_v6_data\.npy cannot be read"):
        members("cifar10.1", settings)


def test_a_file_that_changed_is_read_again(settings):
    """What is remembered goes by size and time, too."""
    save_pair(settings.data_root)
    assert members("cifar10.1", settings)[0].size() == 4
    save_pair(settings.data_root, pixels=PIXELS[:2], labels=LABELS[:2])

    assert members("cifar10.1", settings)[0].size() == 2


# --- CIFAR-10.2 -----------------------------------------------------------------------


def save_npz(folder, **arrays):
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "cifar102_test.npz", **arrays)


def test_cifar10_2_is_one_archive_of_arrays(settings):
    """Images and labels are read; lists of objects beside them are left alone."""
    words = np.array([["a"], None], dtype=object)
    save_npz(
        settings.data_root / "cifar-10.2", images=PIXELS, labels=LABELS, keywords=words
    )

    (found,) = members("cifar10.2", settings)

    assert found.name == "cifar10.2"
    assert (found.load().pixels == PIXELS).all()
    assert found.labels().tolist() == LABELS.tolist()


def test_a_wrong_cifar10_2_is_refused_by_name(settings):
    """Without an array, with objects for an array, damaged, or with other labels."""
    folder = settings.data_root
    objects = np.array([None], dtype=object)
    for arrays, message in [
        ({"images": PIXELS}, "must be an .npz .*images and labels"),
        ({"images": objects, "labels": LABELS}, "must be an .npz .*images and labels"),
        ({"images": PIXELS, "labels": LABELS - 1}, r"must be in 0\.\.9, got -1"),
    ]:
        save_npz(folder, **arrays)
        (found,) = members("cifar10.2", settings)
        with pytest.raises(BadData, match=rf"cifar102_test\.npz {message}"):
            found.load().block(0, 1)
    (folder / "cifar102_test.npz").write_bytes(b"PK\x03\x04 and nothing more")
    (found,) = members("cifar10.2", settings)
    with pytest.raises(BadData, match=r"cifar102_test\.npz must be an \.npz file"):
        found.load().block(0, 1)
    np.save(folder / "x.npy", PIXELS)
    (folder / "x.npy").replace(folder / "cifar102_test.npz")
    with pytest.raises(BadData, match=r"cifar102_test\.npz must be an \.npz file"):
        found.load().block(0, 1)


# --- CIFAR-10-C -----------------------------------------------------------------------


def save_c(folder, names=STANDARD, n=2):
    folder.mkdir(parents=True)
    stacks = {name: images(5 * n) for name in names}
    for name, stack in stacks.items():
        np.save(folder / f"{name}.npy", stack)
    np.save(folder / "labels.npy", np.tile(LABELS[:n], 5))
    return stacks


def test_cifar10_c_is_a_dataset_a_corruption_and_severity(settings):
    """Severities lie one after the other in a file that is mapped, not read."""
    stacks = save_c(settings.data_root / "CIFAR-10-C", (*STANDARD, *EXTRA))

    found = {d.name: d for d in members("cifar10-c-published", settings)}
    extra = members("cifar10-c-published-extra", settings)

    assert (len(found), len(extra)) == (75, 20)
    third = found["cifar10-c-published/gaussian_noise-3"]
    assert isinstance(third.load().pixels, np.memmap)
    assert (third.load().pixels == stacks["gaussian_noise"][4:6]).all()
    assert third.labels().tolist() == LABELS[:2].tolist()
    assert len({d.fingerprint() for d in (*found.values(), *extra)}) == 95


def test_a_cifar10_c_that_lacks_files_names_them(settings):
    """The four other corruptions are needed by their own family alone."""
    folder = settings.data_root / "CIFAR-10-C"
    save_c(folder)
    assert len(members("cifar10-c-published", settings)) == 75
    with pytest.raises(MissingData, match=r"looked at .*CIFAR-10-C/speckle_noise\.npy"):
        members("cifar10-c-published-extra", settings)

    (folder / "fog.npy").unlink()
    with pytest.raises(MissingData, match=r"looked at [^ ]*/fog\.npy; set --harness"):
        members("cifar10-c-published", settings)


def test_stacks_of_other_shapes_are_refused(settings):
    """Five severities of the same images, or it is not what was published."""
    folder = settings.data_root / "CIFAR-10-C"
    save_c(folder)
    np.save(folder / "labels.npy", np.arange(10))
    with pytest.raises(BadData, match=r"labels\.npy must repeat the same labels"):
        members("cifar10-c-published", settings)

    np.save(folder / "labels.npy", np.zeros(9, int))
    with pytest.raises(BadData, match="holds 10 images but 9 labels"):
        members("cifar10-c-published", settings)

    np.save(folder / "labels.npy", np.zeros(11, int))
    np.save(folder / "gaussian_noise.npy", images(11))
    with pytest.raises(BadData, match="at each of 5 severities, got 11 in all"):
        members("cifar10-c-published", settings)


# --- CIFAR-10-F and CIFAR-10-W --------------------------------------------------------


def picture(path, colour=(10, 20, 30), size=(32, 32)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def test_cifar10_f_is_a_dataset_a_folder(settings):
    """Of pictures whose names begin with the class, or of arrays; none is hidden."""
    root = settings.data_root / "cifar10-f-32"
    picture(root / "01" / "7_001.png")
    picture(root / "01" / "2_001.png", (90, 0, 0))
    picture(root / "01" / "._7_001.png")
    picture(root / ".ipynb_checkpoints" / "7_001.png")
    (root / "02").mkdir()
    np.save(root / "02" / "data.npy", PIXELS)
    np.save(root / "02" / "labels.npy", LABELS)

    found = {d.name: d for d in members("cifar10-f", settings)}

    assert list(found) == ["cifar10-f/01", "cifar10-f/02"]
    assert found["cifar10-f/01"].labels().tolist() == [2, 7]
    assert found["cifar10-f/01"].load().pixels[:, 0, 0, 0].tolist() == [90, 10]
    assert (found["cifar10-f/02"].load().pixels == PIXELS).all()


def test_what_is_wrong_with_cifar10_f_is_named(settings):
    """Names without a class, pictures of another size, folders with nothing."""
    root = settings.data_root / "cifar10-f-32"
    picture(root / "01" / "cat_1.png")
    with pytest.raises(BadData, match=r"cat_1\.png must begin with its class"):
        members("cifar10-f", settings)
    (root / "01" / "cat_1.png").unlink()
    with pytest.raises(BadData, match=r"01 holds neither data\.npy nor pictures"):
        members("cifar10-f", settings)
    picture(root / "01" / "3_1.png", size=(40, 32))
    (found,) = members("cifar10-f", settings)
    with pytest.raises(BadData, match="must be 32x32 pixels, got 40x32"):
        found.load().block(0, 1)


def test_cifar10_w_is_a_dataset_a_folder_of_class_folders(settings):
    """At any depth; both kinds of car are cars; archivers' leavings are passed over."""
    root = settings.data_root / "CIFAR-10-W"
    first = root / "data_bing_original" / "bing_red"
    picture(first / "sedan" / "a.jpg", size=(224, 224))
    picture(first / "suv" / "b.jpg", size=(224, 200))
    picture(first / "dog" / "c.JPEG", (250, 250, 250), size=(224, 224))
    (first / "dog" / "._c.JPEG").write_bytes(b"of a Mac")
    picture(root / "diffusion_original" / "x" / "ship" / "a.png", size=(64, 64))
    (root / "__MACOSX" / "dog").mkdir(parents=True)

    found = {d.name: d for d in members("cifar10-w", settings)}

    assert list(found) == [
        "cifar10-w/data_bing_original/bing_red",
        "cifar10-w/diffusion_original/x",
    ]
    red = found["cifar10-w/data_bing_original/bing_red"]
    assert red.load().pixels.shape == (3, 32, 32, 3)
    assert red.labels().tolist() == [5, 1, 1]
    assert red.load().pixels[0].min() > 240


def test_a_stranger_among_class_folders_is_named(settings):
    """What is no class beside classes is refused; so are classes without pictures."""
    root = settings.data_root / "CIFAR-10-W"
    picture(root / "g" / "s" / "dog" / "a.png")
    (root / "g" / "s" / "horses").mkdir()

    with pytest.raises(UnknownName, match="'horses'; did you mean horse"):
        members("cifar10-w", settings)
    (root / "g" / "s" / "horses").rmdir()
    (root / "g" / "s" / "dog" / "a.png").unlink()
    (found,) = members("cifar10-w", settings)
    with pytest.raises(BadData, match="holds no pictures in its folders of classes"):
        found.load()


# --- what is not there, and what a run makes of it ------------------------------------


@pytest.mark.parametrize(
    ("family", "folder", "cure"),
    [
        ("cifar10.1", "CIFAR-10.1", "--harness-families cifar10.1"),
        ("cifar10.1-v4", "CIFAR-10.1", "--harness-families cifar10.1-v4"),
        ("cifar10.2", "cifar-10.2", "modestyachts/cifar-10.2"),
        ("cifar10-c-published", "CIFAR-10-C", "zenodo.org/record/2535967"),
        ("cifar10-c-published-extra", "CIFAR-10-C", "2.9 GB"),
        ("cifar10-f", "cifar10-f-32", "CLASS_NUMBER"),
        ("cifar10-w", "CIFAR-10-W", "sxzrt/CIFAR-10-W"),
    ],
)
def test_what_is_absent_is_named_with_places_and_a_cure(settings, family, folder, cure):
    """Both roots are named, and nothing is fetched unasked."""
    with pytest.raises(MissingData, match=f"family {family} not found") as caught:
        members(family, settings)

    text = str(caught.value)
    assert str(settings.data_root / folder) in text
    assert str(settings.cache_dir / folder) in text
    assert cure in text


def test_a_run_takes_what_is_there_and_skips_the_rest(settings):
    """Large families run on request; a family that lacks files is one line."""
    save_pair(settings.data_root)
    save_c(settings.data_root / "CIFAR-10-C")

    usual = Run(replace(settings, interior=0), Registry(), print)

    assert list(usual.datasets) == ["cifar10.1", "test"]
    assert set(usual.absent_families) == {"cifar10.2", "cifar10-f"}
    asked = replace(settings, families=("cifar10-c-pub*",))
    assert len(Run(asked, Registry(), print).datasets) == 75
    with pytest.raises(MissingData, match=r"family cifar10\.2 not found"):
        _ = Run(replace(settings, families=("cifar10.2",)), Registry(), print).datasets


def test_cifar10_1_under_corruptions_is_a_family_by_suffix(settings):
    """Names with dots take a suffix like any other."""
    save_pair(settings.data_root)
    asked = replace(settings, families=("cifar10.1-c", "cifar10.1"))

    found = Run(asked, Registry(), print).datasets

    assert len(found) == 76
    assert found["cifar10.1-c/fog-2"].labels().tolist() == LABELS.tolist()


# --- downloads ------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """Serves FILES by name and remembers what it was asked for."""

    files: dict[str, bytes] = {}  # noqa: RUF012 - one server a test
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self):
        """Answer one request."""
        name = self.path.rpartition("/")[2]
        self.asked.append(name)
        if name not in self.files:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.files[name])))
        self.end_headers()
        self.wfile.write(self.files[name])

    def log_message(self, *_):
        """Keep the tests' output clean."""


@pytest.fixture
def publish(monkeypatch):
    """Makes content what is published under a key, at a server of our own."""
    Handler.files, Handler.asked = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{running.server_port}"
        for key in cifar10_sets.DOWNLOADS:
            monkeypatch.setitem(
                cifar10_sets.DOWNLOADS, key, (f"{address}/{key}", "0" * 64)
            )

        def publish(key, content, name=None):
            name = name or key
            Handler.files[name] = content
            digest = hashlib.sha256(content).hexdigest()
            monkeypatch.setitem(
                cifar10_sets.DOWNLOADS, key, (f"{address}/{name}", digest)
            )

        yield publish
        running.shutdown()
        thread.join()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def publish_pair(publish, version="v6"):
    publish(f"cifar10.1_{version}_data.npy", npy(PIXELS))
    publish(f"cifar10.1_{version}_labels.npy", npy(LABELS))


@pytest.mark.parametrize("asked", ["cifar10.1", "cifar10.1-c", "cifar10.1-c-extra"])
def test_a_named_family_is_fetched_once(settings, publish, asked):
    """Into the cache, where the next run finds it without asking the server."""
    publish_pair(publish)
    named = replace(settings, download=True, families=(asked,))

    for _ in range(2):
        (found,) = members("cifar10.1", named)
        assert (found.load().pixels == PIXELS).all()

    assert Handler.asked == ["cifar10.1_v6_data.npy", "cifar10.1_v6_labels.npy"]
    assert (settings.cache_dir / "CIFAR-10.1" / "cifar10.1_v6_data.npy").exists()


@pytest.mark.parametrize("asked", [(), ("cifar10*",), ("test",)])
def test_families_that_nobody_named_are_not_fetched(settings, publish, asked):
    """A pattern names nobody: gigabytes come only where they were asked for."""
    publish_pair(publish)
    run = Run(
        replace(settings, download=True, families=(*asked, "test"), interior=0),
        Registry(),
        print,
    )

    assert list(run.datasets) == ["test"]
    assert Handler.asked == []


def test_another_file_than_published_is_refused(settings, publish):
    """Nothing of it stays."""
    publish_pair(publish)
    Handler.files["cifar10.1_v6_labels.npy"] = npy(LABELS[::-1])
    named = replace(settings, download=True, families=("cifar10.1",))

    with pytest.raises(BadData, match=r"labels\.npy gave a file whose sha256 must"):
        members("cifar10.1", named)
    assert not list(settings.cache_dir.rglob("*labels.npy"))


def test_cifar10_2_is_fetched(settings, publish):
    """One file."""
    file = io.BytesIO()
    np.savez(file, images=PIXELS, labels=LABELS)
    publish("cifar102_test.npz", file.getvalue())
    named = replace(settings, download=True, families=("cifar10.2",))

    assert members("cifar10.2", named)[0].labels().tolist() == LABELS.tolist()


def archive(folder, name="CIFAR-10-C"):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.add(folder, name)
    return file.getvalue()


def test_cifar10_c_is_fetched_and_unpacked_whole(settings, publish, tmp_path):
    """The folder alone is left; an interrupted unpacking is begun anew."""
    save_c(tmp_path / "made", (*STANDARD, *EXTRA), n=1)
    publish("CIFAR-10-C", archive(tmp_path / "made"), "CIFAR-10-C.tar")
    half = settings.cache_dir / "CIFAR-10-C.unpacking" / "CIFAR-10-C"
    half.mkdir(parents=True)
    (half / "snow.npy").write_bytes(b"half of it")
    named = replace(
        settings,
        download=True,
        families=("cifar10-c-published", "cifar10-c-published-extra"),
    )

    assert len(Run(named, Registry(), print).datasets) == 95

    assert Handler.asked == ["CIFAR-10-C.tar"]
    left = {path.name for path in settings.cache_dir.iterdir()}
    assert {name for name in left if not name.endswith(".lock")} == {"CIFAR-10-C"}


@pytest.mark.parametrize(
    ("name", "cut", "message"),
    [
        ("CIFAR-C", None, "must hold a folder CIFAR-10-C"),
        ("CIFAR-10-C", 3000, "cannot"),
    ],
)
def test_an_archive_of_something_else_is_refused(
    settings, publish, tmp_path, name, cut, message
):
    """Another folder in it, or an end that is missing."""
    save_c(tmp_path / "made", STANDARD[:1], n=1)
    publish("CIFAR-10-C", archive(tmp_path / "made", name)[:cut], "CIFAR-10-C.tar")
    named = replace(settings, download=True, families=("cifar10-c-published",))

    with pytest.raises(BadData, match=f"CIFAR-10-C.tar {message}"):
        members("cifar10-c-published", named)
    assert not (settings.cache_dir / "CIFAR-10-C").exists()


@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize(
    "member",
    [
        {"name": "../evil.npy"},
        {"name": "/tmp/evil.npy"},
        {"name": "CIFAR-10-C/a", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"name": "CIFAR-10-C/a", "type": tarfile.FIFOTYPE},
    ],
)
def test_an_archive_that_reaches_elsewhere_is_refused(
    settings, publish, monkeypatch, member, newer
):
    """Also by a Python older than 3.11.4, which would unpack it."""
    if not newer:
        monkeypatch.setattr(archives, "_PLAIN", {})
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        info = tarfile.TarInfo("CIFAR-10-C")
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
        odd = tarfile.TarInfo()
        for name, value in member.items():
            setattr(odd, name, value)
        tar.addfile(odd)
    publish("CIFAR-10-C", file.getvalue(), "CIFAR-10-C.tar")
    named = replace(settings, download=True, families=("cifar10-c-published",))

    with pytest.raises(BadData, match=r"cannot be unpacked: .* no file or folder"):
        members("cifar10-c-published", named)
    assert not (settings.cache_dir / "CIFAR-10-C").exists()
    assert not (settings.cache_dir / "evil.npy").exists()


def test_checksums_are_whole(settings):
    """64 hex digits each, of https addresses."""
    for url, digest in SUMS.values():
        assert url.startswith("https://")
        assert len(bytes.fromhex(digest)) == 32
