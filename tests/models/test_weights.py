"""Weight files: what is read, what is refused, and how the refusal reads."""

import os
import re
import zipfile

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from harness.errors import BadData
from harness.models.weights import find_file, load_strictly, read_state_dict, verify


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 3))


@pytest.fixture
def tensors():
    """Named tensors of a small network."""
    return network().state_dict()


def assert_same(left, right):
    assert sorted(left) == sorted(right)
    assert all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda t: t,
        lambda t: {"state_dict": t, "best": 91.7},
        lambda t: {"state_dict": {f"module.{k}": v for k, v in t.items()}},
        lambda t: {f"module.{k}": v for k, v in t.items()},
    ],
    ids=["bare", "checkpoint", "parallel checkpoint", "parallel"],
)
def test_unwraps_pytorch_files(tmp_path, tensors, wrap, zipped):
    path = tmp_path / "weights.th"
    torch.save(wrap(tensors), path, _use_new_zipfile_serialization=zipped)

    assert_same(read_state_dict(path), tensors)


def test_keeps_a_prefix_that_not_all_names_share(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({"module.a": torch.zeros(1), "b": torch.zeros(1)}, path)

    assert list(read_state_dict(path)) == ["module.a", "b"]


def test_reads_safetensors(tmp_path, tensors):
    save_file(tensors, tmp_path / "w.safetensors")

    assert_same(read_state_dict(tmp_path / "w.safetensors"), tensors)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_refuses_a_pickled_module_and_says_what_to_do(tmp_path, zipped):
    path = tmp_path / "alexnet.pth"
    torch.save(nn.Linear(2, 2), path, _use_new_zipfile_serialization=zipped)

    with pytest.raises(
        BadData, match=r"alexnet.pth must .*a pickled torch.nn.modules.linear.Linear"
    ) as caught:
        read_state_dict(path)
    assert "save its `state_dict()`" in str(caught.value)


class _Bomb:
    def __reduce__(self):
        return os.mkdir, (os.environ["HARNESS_TEST_BOMB"],)


def test_never_runs_code_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_TEST_BOMB", str(tmp_path / "exploded"))
    path = tmp_path / "bomb.pt"
    torch.save({"state_dict": {"a": torch.zeros(1)}, "b": _Bomb()}, path)

    with pytest.raises(BadData, match=rf"a pickled {os.name}.mkdir"):
        read_state_dict(path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("kind", ["zip.pt", "legacy.pt", "w.safetensors"])
def test_refuses_a_file_that_is_cut_off(tmp_path, tensors, kind, share):
    path = tmp_path / kind
    if kind == "w.safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=kind == "zip.pt")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(BadData, match=rf"{re.escape(str(path))} (cannot|must)"):
        read_state_dict(path)


@pytest.mark.parametrize("kind", ["w.pt", "w.safetensors"])
def test_refuses_a_web_page(tmp_path, kind):
    (tmp_path / kind).write_text("<html>404: Not Found</html>")

    with pytest.raises(BadData, match=rf"{kind} cannot be read"):
        read_state_dict(tmp_path / kind)


def test_refuses_torchscript(tmp_path):
    path = tmp_path / "traced.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("traced/constants.pkl", b"")

    with pytest.raises(BadData, match=r"traced.pt must hold tensors.*TorchScript"):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (torch.zeros(3), "must hold named tensors, got .*Tensor"),
        ({}, "must hold named tensors, got .*dict"),
        ({"epoch": 3, "w": torch.zeros(1)}, "tensors only, but 'epoch' is none"),
        ({"state_dict": {"a": 1, "b": "x"}}, "tensors only, but 'a' is none"),
    ],
)
def test_refuses_what_is_no_dict_of_tensors(tmp_path, content, message):
    path = tmp_path / "odd.pt"
    torch.save(content, path)

    with pytest.raises(BadData, match=message):
        read_state_dict(path)


def test_loads_every_tensor(tensors):
    other = network()
    load_strictly(other, tensors, "w.pt")

    assert_same(other.state_dict(), tensors)


def test_counters_alone_may_be_missing(tensors):
    del tensors["1.num_batches_tracked"]
    load_strictly(network(), tensors, "old.th")

    del tensors["1.running_mean"]
    with pytest.raises(BadData, match=r"old.th do not fit .*: no 1.running_mean$"):
        load_strictly(network(), tensors, "old.th")


def test_lists_every_kind_of_misfit(tensors):
    del tensors["2.weight"]
    tensors["extra"] = torch.zeros(1)
    tensors["2.bias"] = torch.zeros(7)

    with pytest.raises(BadData) as caught:
        load_strictly(network(), tensors, "w.pt")
    assert str(caught.value) == (
        "weights w.pt do not fit the network: no 2.weight; unknown extra; "
        "2.bias is (7,), not (3,)"
    )


def test_a_long_list_of_misfits_is_cut(tensors):
    tensors |= {f"extra{i}": torch.zeros(1) for i in range(6)}

    with pytest.raises(BadData, match=r"unknown extra2 and 3 more$"):
        load_strictly(network(), tensors, "w.pt")


def test_verifies_the_beginning_of_a_digest(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    # The first example of FIPS 180-2, appendix B.1.
    verify(path, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    verify(path, "ba7816bf")
    verify(path, "")

    with pytest.raises(BadData, match="begin with 12fca82f, got ba7816bf8f01cfea"):
        verify(path, "12fca82f")


def test_finds_at_any_depth_and_in_the_first_folder_first(tmp_path):
    deep = tmp_path / "root" / "cifar10" / "state_dicts" / "w.pt"
    near = tmp_path / "cache" / "w.pt"
    for path in (deep, near):
        path.parent.mkdir(parents=True)
        path.touch()
    root, cache = tmp_path / "root", tmp_path / "cache"

    assert find_file("w.pt", [root, cache]) == deep
    assert find_file("state_dicts/w.pt", [cache, root]) == deep
    assert find_file("w.pt", [cache, root]) == near
    assert find_file("x.pt", [root, cache, tmp_path / "nowhere"]) is None
