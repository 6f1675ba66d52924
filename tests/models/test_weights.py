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


WRAPS = {
    "bare": lambda t: t,
    "checkpoint": lambda t: {"state_dict": t, "best": 91.7},
    "model": lambda t: {"model": t, "epoch": 3, "optimizer": {"state": {0: {}}}},
    "net": lambda t: {"net": t, "acc": 91.7},
    "params": lambda t: {"params": t},
    "nested": lambda t: {"state": {"model_state_dict": t}, "loss": torch.zeros(1)},
    "a name of one's own": lambda t: {"trunk": t, "epoch": 3},
    "beside sums": lambda t: {"model": t, "sums": {"loss": torch.zeros(1)}},
    "parallel": lambda t: {f"module.{k}": v for k, v in t.items()},
    "parallel checkpoint": lambda t: {"state_dict": WRAPS["parallel"](t)},
    "compiled": lambda t: {f"_orig_mod.{k}": v for k, v in t.items()},
    "Lightning": lambda t: {"state_dict": {f"model.{k}": v for k, v in t.items()}},
    "both": lambda t: {f"module._orig_mod.{k}": v for k, v in t.items()},
    "averaged": lambda t: {"n_averaged": torch.tensor(3), **WRAPS["parallel"](t)},
}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("wrap", WRAPS.values(), ids=list(WRAPS))
def test_unwraps_pytorch_files(tmp_path, tensors, wrap, zipped):
    """What common tools put around a network's tensors is taken off."""
    path = tmp_path / "weights.th"
    torch.save(wrap(tensors), path, _use_new_zipfile_serialization=zipped)
    found = network()

    load_strictly(found, read_state_dict(path), str(path))

    assert_same(found.state_dict(), tensors)


def test_several_sets_of_tensors_are_told_apart_by_the_user(tmp_path, tensors):
    """Averaged weights give other numbers than those they average."""
    torch.save({"model": tensors, "ema": tensors, "epoch": 3}, tmp_path / "w.pt")

    with pytest.raises(BadData, match=r"they lie under 'model', 'ema'; save the one"):
        read_state_dict(tmp_path / "w.pt")


def test_names_of_the_network_s_own_stay():
    """A network inside another keeps the name that it has there."""
    inner = nn.Sequential()
    inner.add_module("module", network())

    load_strictly(inner, inner.state_dict(), "w.pt")


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        (torch.float16, True),
        (torch.float64, True),
        (torch.int8, False),
        (torch.bool, False),
        (torch.complex64, False),
    ],
)
def test_numbers_of_another_kind_are_refused(tensors, kind, taken):
    """Whole numbers in place of fractions would be put in without a word."""
    tensors["2.bias"] = tensors["2.bias"].to(kind)

    if taken:
        load_strictly(network(), tensors, "w.pt")
    else:
        with pytest.raises(BadData, match=rf"2.bias is of {kind}, not torch.float32"):
            load_strictly(network(), tensors, "w.pt")


class Stateful(nn.Linear):
    """Keeps more than tensors in its state dict."""

    def get_extra_state(self):
        return {"made": 2024}

    def set_extra_state(self, state):
        pass


def test_other_state_of_the_network_is_passed_over():
    """A file of tensors holds none of it."""
    weights = {"weight": torch.ones(3, 2), "bias": torch.ones(3)}
    found = Stateful(2, 3)

    load_strictly(found, weights, "w.pt")

    assert torch.equal(found.weight, weights["weight"])


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


@pytest.mark.parametrize(
    "name", ["/absent/w.pt", "/dev/null", "w" * 300 + ".pt", "*.pt", "w[1].pt"]
)
def test_what_cannot_be_a_file_is_in_no_folder(tmp_path, name):
    """A path from the root, a device, a name too long; patterns are no wildcards."""
    (tmp_path / "w.pt").touch()
    (tmp_path / "w1.pt").touch()

    assert find_file(name, [tmp_path]) is None


def test_a_name_with_brackets_is_found(tmp_path):
    """As it stands, and not as a pattern."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "w[1].pt").touch()

    assert find_file("w[1].pt", [tmp_path]) == tmp_path / "deep" / "w[1].pt"
