"""Predictions: one pass a view, checked, and independent of batch size."""

import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.answers.predictions import Predictions, chosen_device, chosen_precision
from harness.answers.shared_images import SharedImages
from harness.datasets.dataset import BLOCK, Dataset, Transformation
from harness.datasets.geometry import Geometry
from harness.datasets.images import ArrayImages
from harness.errors import HarnessError, UndefinedMetricError
from harness.measurement import Domain
from harness.models.classifier import Classifier
from harness.models.layers import Layer
from harness.models.network import Network, lowered
from harness.models.tap import Tap
from harness.sampling import sampled_rows
from harness.views import IDENTITY, ROTATIONS


def noise(images, rng, *, scale):
    """A transformation that draws for every pixel."""
    drawn = torch.from_numpy(rng.integers(0, scale, size=tuple(images.shape)))
    return (images + drawn).clamp(0, 255).to(torch.uint8)


@pytest.fixture
def classifier():
    """A random network on 8x8 grey images, 3 classes."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))
    return Classifier(
        name="random",
        network=network.eval().requires_grad_(False),
        mean=(0.5,),
        std=(0.25,),
        classes=3,
        head="1",
        fingerprint="",
    )


def test_a_long_pass_tells_how_far_it_is(classifier, dataset, monkeypatch):
    """By batches, but for the last: then it is done."""
    monkeypatch.setattr("harness.progress.PATIENCE", -1)
    told = []

    Predictions(
        lambda: classifier, dataset, batch_size=BLOCK, tell=told.append
    ).logits()

    assert len(told) == 2
    assert told[0].startswith("random on random, images: 500 of 1,077, ")
    assert told[0].endswith("0 s left")
    assert told[1].startswith("random on random, images: 1,000 of 1,077, ")


@pytest.fixture
def dataset():
    """More than two blocks of random images under per-pixel noise."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, size=(2 * BLOCK + 77, 8, 8, 1), dtype=np.uint8)
    return Dataset(
        name="random",
        family="random",
        domain=Domain.EXTERIOR,
        load=lambda: ArrayImages(pixels=pixels, labels=None, digest="x"),
        transformations=(
            Transformation(
                name="noise", target=f"{__name__}:noise", parameters={"scale": 50}
            ),
        ),
    )


def test_features_entering_the_head_give_the_logits(classifier, dataset):
    """And the logits are those of the normalised, transformed, turned images."""
    predictions = Predictions(lambda: classifier, dataset)
    view = ROTATIONS[0]

    images = view(torch.cat(list(dataset.blocks())))
    expected = classifier.network((images.float() / 255 - 0.5) / 0.25).numpy()
    head = classifier.network[1]
    features = torch.from_numpy(predictions.features(view)).float()

    np.testing.assert_allclose(predictions.logits(view), expected, atol=1e-5)
    np.testing.assert_allclose(head(features).numpy(), expected, atol=1e-5)
    assert predictions.logits().dtype == np.float64
    assert (predictions.predicted() == predictions.logits().argmax(1)).all()
    np.testing.assert_allclose(predictions.probs().sum(1), 1)
    assert predictions.view_probs(ROTATIONS).shape == (3, len(predictions), 3)


@pytest.mark.parametrize("batch_size", [1000, 64, 7])
def test_batch_size_changes_nothing(classifier, dataset, batch_size):
    """Neither the images, which are random, nor the order."""
    usual = Predictions(lambda: classifier, dataset)
    other = Predictions(lambda: classifier, dataset, batch_size=batch_size)

    np.testing.assert_allclose(usual.logits(), other.logits(), atol=1e-5)


def test_several_batches_at_a_time_change_nothing(classifier, dataset):
    """Neither logits nor features, nor which image they belong to."""
    several = replace(classifier, stateless=True)
    usual = torch.get_num_threads()
    torch.set_num_threads(2)
    threads = set()
    try:
        classifier.network.register_forward_hook(
            lambda *_: threads.add(threading.get_ident())
        )
        side_by_side = Predictions(lambda: several, dataset, batch_size=64)
        logits, features = side_by_side.logits(), side_by_side.features()
        assert threads - {threading.get_ident()}
        one_by_one = Predictions(lambda: classifier, dataset, batch_size=64)
        np.testing.assert_allclose(logits, one_by_one.logits(), atol=1e-6)
        np.testing.assert_array_equal(features, one_by_one.features())
    finally:
        torch.set_num_threads(usual)


@pytest.mark.parametrize("limit", [1, BLOCK - 1, BLOCK, BLOCK + 1, 10 * BLOCK])
def test_a_sample_holds_images_of_the_whole(dataset, limit):
    """The same rows whenever it is asked for; all of them where that is no more."""
    plain = replace(dataset, transformations=())
    rows = sampled_rows(dataset.size(), limit)
    whole = torch.cat(list(plain.blocks()))
    sample = torch.cat(list(plain.blocks(limit=limit)))

    assert len(sample) == min(limit, len(whole)) == dataset.size(limit)
    assert (sample == whole[rows]).all()
    noisy = [torch.cat(list(dataset.blocks(limit=limit))) for _ in range(2)]
    assert (noisy[0] == noisy[1]).all()
    if limit >= len(whole):
        assert (noisy[0] == torch.cat(list(dataset.blocks()))).all()


def test_each_view_is_run_once(classifier, dataset):
    """However often and in whatever form it is asked for."""
    calls = []
    classifier.network.register_forward_hook(lambda *_: calls.append(1))
    predictions = Predictions(lambda: classifier, dataset, batch_size=BLOCK)

    for _ in range(3):
        predictions.logits(IDENTITY)
        predictions.features()
        predictions.probs()

    assert len(calls) == 3  # one call a block, no more


def test_models_share_transformed_images(classifier, dataset, monkeypatch):
    """The next model finds them made, and gets the logits that it got without."""
    expected = Predictions(lambda: classifier, dataset).logits()
    shared = SharedImages()
    Predictions(lambda: classifier, dataset, shared=shared).logits()
    monkeypatch.setattr(Dataset, "blocks", lambda *_: pytest.fail("made again"))

    again = Predictions(lambda: classifier, dataset, shared=shared)
    np.testing.assert_array_equal(again.logits(), expected)


def test_other_images_under_the_same_name_are_not_taken_for_these(classifier, dataset):
    """Neither those of other transformations nor those of a larger sample."""
    louder = replace(dataset.transformations[0], parameters={"scale": 200})
    other = replace(dataset, transformations=(louder,))
    shared = SharedImages()
    Predictions(lambda: classifier, dataset, shared=shared).logits()

    found = Predictions(lambda: classifier, other, shared=shared).logits()
    expected = Predictions(lambda: classifier, other).logits()
    np.testing.assert_array_equal(found, expected)
    few = Predictions(lambda: classifier, dataset, limit=3, shared=shared)
    assert len(few.logits()) == 3


def test_images_as_they_come_are_not_kept_for_others(classifier, dataset):
    """They are in memory already, or mapped from a file."""
    plain = replace(dataset, transformations=())
    shared = SharedImages(room=10**9)
    offered = []
    shared.offer = lambda key, blocks: offered.append(key)
    Predictions(lambda: classifier, plain, shared=shared).logits()
    assert not offered

    Predictions(lambda: classifier, dataset, shared=shared).logits()
    assert len(offered) == 1


def test_images_of_another_geometry_are_not_taken_for_these(classifier, dataset):
    """Shared between networks of one, made anew for another."""
    wide = replace(classifier, geometry=Geometry(resize=8, crop=6))
    torch.manual_seed(0)
    wide = replace(
        wide, network=torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(36, 3))
    )
    shared = SharedImages()
    Predictions(lambda: classifier, dataset, shared=shared).logits()

    found = Predictions(lambda: wide, dataset, shared=shared).logits()
    expected = Predictions(lambda: wide, dataset).logits()
    np.testing.assert_array_equal(found, expected)


def test_images_that_cost_nothing_are_not_held_between_views(classifier, dataset):
    """On a processor; those that were transformed are, while there is room."""
    plain = Predictions(lambda: classifier, replace(dataset, transformations=()))
    made = Predictions(lambda: classifier, dataset)
    for predictions in (plain, made):
        predictions.logits()

    assert plain._blocks is None
    assert made._blocks is not None


def test_answers_are_joined_as_they_come(classifier, dataset):
    """Batch by batch, they would lie between what the layers free: memory grew."""
    seen = []

    class Noting(torch.nn.Linear):
        def forward(self, images):
            assert all(old() is None for old in seen[:-2])
            return super().forward(images)

    tap = Tap.see

    def see(self, *args):
        found = tap(self, *args)
        seen.extend(map(weakref.ref, (found.answer, *found.features.values())))
        return found

    noting = torch.nn.Sequential(torch.nn.Flatten(), Noting(64, 3))
    noting.load_state_dict(classifier.network.state_dict())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tap, "see", see)
        watched = Predictions(
            lambda: replace(classifier, network=noting), dataset, batch_size=50
        )
        logits = watched.logits()

    assert len(seen) > 20
    expected = Predictions(lambda: classifier, dataset, batch_size=50)
    np.testing.assert_array_equal(logits, expected.logits())
    np.testing.assert_array_equal(watched.features(), expected.features())


def test_part_of_a_block_holds_no_more_than_itself(dataset):
    """A thousand kept samples' last 20 images must not hold 500 each."""
    *_, last = dataset.blocks(limit=BLOCK + 20)

    assert last.untyped_storage().nbytes() == last.nbytes == 20 * 64


def test_it_holds_no_labels(classifier, dataset):
    """A metric that is handed predictions cannot reach any by their public names."""
    predictions = Predictions(lambda: classifier, dataset)

    assert not [name for name in dir(predictions) if "label" in name]


def test_a_wrong_number_of_classes_is_named(classifier, dataset):
    """Model, dataset, the shape expected and found."""
    wrong = replace(classifier, classes=10)

    with pytest.raises(ValueError, match=r"model random on random.*\(1077, 10\)"):
        Predictions(lambda: wrong, dataset).logits()


def test_a_device_that_is_not_there_is_refused():
    """With its name; `auto` always finds one."""
    assert chosen_device("auto") in ("cpu", "cuda", "mps")
    assert chosen_device("cpu") == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(HarnessError, match="device 'cuda' cannot be used here"):
            chosen_device("cuda")


def test_content_is_in_a_fingerprint_and_names_are_not(dataset):
    """Transformation parameters and seed count; the name does not."""
    same = replace(dataset, name="other", family="other")
    harder = replace(
        dataset,
        transformations=(
            replace(dataset.transformations[0], parameters={"scale": 51}),
        ),
    )

    assert same.fingerprint() == dataset.fingerprint()
    assert harder.fingerprint() != dataset.fingerprint()
    assert replace(dataset, seed=(1,)).fingerprint() != dataset.fingerprint()


def test_bfloat16_rounds_the_features_and_keeps_the_head_in_float32(dataset):
    """Logits do not tie as rounded ones would, and stay close."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU(), torch.nn.Flatten()
    )
    network = torch.nn.Sequential(network, torch.nn.Linear(8 * 36, 3))
    exact = Classifier(
        name="random",
        network=network.eval().requires_grad_(False),
        mean=(0.5,),
        std=(0.25,),
        classes=3,
        head="1",
        fingerprint="f",
    )
    first = Predictions(lambda: exact, dataset)
    logits, features = first.logits(), first.features()
    rough = lowered(exact, "bfloat16")
    second = Predictions(lambda: rough, dataset)
    assert rough.fingerprint != exact.fingerprint
    assert np.abs(second.logits() - logits).max() < 0.02 * np.abs(logits).max()
    assert (second.features() != features).any()
    head = network[1]
    by_hand = second.features() @ head.weight.numpy().astype(float).T
    by_hand += head.bias.numpy()
    np.testing.assert_allclose(second.logits(), by_hand, rtol=1e-5, atol=1e-5)
    assert len(np.unique(second.logits())) > 0.9 * second.logits().size


def test_a_network_that_cannot_be_rounded_says_what_to_choose(dataset):
    class Stubborn(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fixed = torch.ones(64, 3)  # no buffer: it stays in float32
            self.head = torch.nn.Linear(3, 3)

        def forward(self, images):
            return self.head(images.flatten(1) @ self.fixed)

    classifier = Classifier(
        name="stubborn",
        network=Stubborn().eval().requires_grad_(False),
        mean=(0.5,),
        std=(0.25,),
        classes=3,
        head="head",
        fingerprint="",
    )
    rough = lowered(classifier, "bfloat16")
    with pytest.raises(ValueError, match="choose --harness-precision float32"):
        Predictions(lambda: rough, dataset).logits()


def test_auto_precision_follows_the_processor(monkeypatch):
    def units(**found):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)

    units(avx512_bf16=True)
    assert chosen_precision("auto", "cpu") == "bfloat16"
    assert chosen_precision("float32", "cpu") == "float32"
    units(avx2=True)
    assert chosen_precision("auto", "cpu") == "float32"
    assert chosen_precision("auto", "mps") == "float32"


def test_features_are_bounded_and_come_again_the_same(classifier, dataset, monkeypatch):
    """Those of the images stay; a view that was dropped is run again."""
    one = Predictions(lambda: classifier, dataset)
    expected = {view: one.features(view) for view in (IDENTITY, *ROTATIONS)}
    size = one.features().astype(np.float32).nbytes
    monkeypatch.setattr("harness.answers.predictions.FEATURE_BYTES", 2 * size)
    passes = []
    two = Predictions(lambda: classifier, dataset, count=passes.append)
    for _ in range(2):
        for view, features in expected.items():
            assert (two.features(view) == features).all()
    assert len(passes) == 7  # the images once, each rotation twice
    for view in expected:
        two.logits(view)
    assert len(passes) == 7


def test_each_worker_takes_a_gpu_of_its_own(monkeypatch):
    """Where there are several and none was named."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    taken = [chosen_device("auto", worker=worker) for worker in range(3)]
    assert taken == ["cuda:0", "cuda:1", "cuda:0"]
    assert chosen_device("cuda", worker=1) == "cuda:1"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert chosen_device("auto", worker=1) == "cuda"


# --- layers and encoders --------------------------------------------------------------


def deep(**facts):
    """A network of two maps, a part that runs twice, one that gives a pair, a head."""

    class Deep(torch.nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.first = torch.nn.Conv2d(1, 4, 3, padding=1)
            self.relu = torch.nn.ReLU(inplace=True)
            self.second = torch.nn.Conv2d(4, 6, 3, stride=2, padding=1)
            self.pair = Pair()
            self.head = torch.nn.Linear(6, 3)

        def forward(self, images):
            maps = self.relu(self.second(self.relu(self.first(images))))
            return self.head(self.pair(maps)[0].mean((2, 3)))

    class Pair(torch.nn.Module):
        def forward(self, maps):
            return maps, maps

    parts = ("first", "relu", "second", "pair")
    return Classifier(
        **{
            "name": "deep",
            "network": Deep().eval().requires_grad_(False),
            "mean": (0.5,),
            "std": (0.25,),
            "classes": 3,
            "head": "head",
            "layers": tuple(Layer(name=part, module=part) for part in parts),
            "fingerprint": "",
            **facts,
        }
    )


@pytest.fixture
def few():
    """Twenty random images."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, size=(20, 8, 8, 1), dtype=np.uint8)
    return Dataset(
        name="few",
        family="few",
        domain=Domain.EXTERIOR,
        load=lambda: ArrayImages(pixels=pixels, labels=None, digest="few"),
    )


def counted(network):
    """How often a network is called, in a list that grows."""
    calls = []
    network.network.register_forward_hook(lambda *_: calls.append(1))
    return calls


def test_three_layers_and_logits_are_one_pass(few):
    """One call a batch, though they are asked for one after the other."""
    network = deep()
    calls = counted(network)
    layers = ["first", "second", "second-grid"]
    found = Predictions(lambda: network, few, batch_size=8, layers=layers)

    shapes = [found.features(layer=layer).shape for layer in layers]
    found.logits()
    found.features()

    assert shapes == [(20, 4), (20, 6), (20, 96)]
    assert len(calls) == 3  # batches of 8, 8 and 4
    assert not any(
        part._forward_hooks or part._forward_pre_hooks
        for name, part in network.network.named_modules()
        if name
    )


def test_features_of_a_layer_are_its_pooled_output(few):
    """As the layer gives it, though the next one writes into the same memory."""
    network = deep()
    images = network.normalise(torch.cat(list(few.blocks())))
    maps = network.network.first(images)
    expected = {"first": maps.mean((2, 3)), "first-max": maps.amax((2, 3))}

    found = Predictions(lambda: network, few)

    for layer, features in expected.items():
        np.testing.assert_allclose(
            found.features(layer=layer), features.numpy(), atol=1e-6
        )


def test_a_layer_that_nobody_declared_costs_a_second_pass(few):
    """And one under another view a pass of that view, once."""
    network = deep()
    calls = counted(network)
    found = Predictions(lambda: network, few)

    logits = found.logits()
    for _ in range(2):
        found.features(layer="first")
    assert len(calls) == 2
    assert (found.logits() == logits).all()
    for _ in range(2):
        found.features(ROTATIONS[0], layer="first")
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("third", "model deep has no layer third; it has first, relu, second, pair"),
        ("relu", "layer relu of model deep must run once a pass, but runs again"),
        ("pair", "layer pair of model deep must give one tensor, got tuple"),
        ("head-max", "what enters the head is taken as it is: ask for head"),
    ],
)
def test_a_layer_without_features_is_undefined_and_says_why(few, layer, message):
    """Beside others that have some, and without a pass for each time it is asked."""
    network = deep()
    calls = counted(network)
    found = Predictions(lambda: network, few, layers=[layer, "first"])
    found.features(layer="first")
    for _ in range(2):
        with pytest.raises(UndefinedMetricError, match=message):
            found.features(layer=layer)
    assert len(calls) == 1


def test_a_network_without_parts_says_that_it_cannot_be_looked_into(few):
    """An exported graph, for instance."""
    bare = deep(layers=(), head="")
    with pytest.raises(UndefinedMetricError, match="no part of it can be looked into"):
        Predictions(lambda: bare, few).features(layer="first")
    with pytest.raises(UndefinedMetricError, match="can name a layer with"):
        Predictions(lambda: bare, few).features()


def test_hooks_are_gone_after_an_error(few):
    """Whatever fails inside the network."""
    network = deep()

    def fail(*_):
        raise RuntimeError("in the middle")

    network.network.head.register_forward_hook(fail)
    found = Predictions(lambda: network, few, layers=["first"])
    with pytest.raises(RuntimeError, match="in the middle"):
        found.logits()
    assert not network.network.first._forward_hooks
    assert not network.network.head._forward_pre_hooks


def test_layers_are_float32_in_bfloat16_too(few):
    """Close to those in single precision, and no more than that."""
    exact = Predictions(deep, few).features(layer="second")
    rough = Predictions(lambda: lowered(deep(), "bfloat16"), few)
    features = rough.features(layer="second")
    assert 0 < np.abs(features - exact).max() < 0.05 * np.abs(exact).max()


def test_layers_are_dropped_where_there_is_no_room_and_come_again(few, monkeypatch):
    """What was asked for stays; what else was declared is taken while it fits."""
    monkeypatch.setattr("harness.answers.predictions.FEATURE_BYTES", 20 * 4 * (6 + 8))
    network = deep()
    calls = counted(network)
    found = Predictions(lambda: network, few, layers=["first", "second", "second-grid"])
    first = found.features(layer="first")
    assert len(calls) == 1
    assert found.features(layer="second-grid").shape == (20, 96)
    assert len(calls) == 2
    assert (found.features(layer="first") == first).all()
    assert len(calls) == 3
    found.features()
    assert len(calls) == 3  # those that enter the head stay


def test_layers_of_several_batches_at_a_time_are_the_same(dataset):
    """Each thread takes those of its own batch."""
    network = replace(deep(), stateless=True)
    usual = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        several = Predictions(lambda: network, dataset, batch_size=64)
        found = several.features(layer="first")
    finally:
        torch.set_num_threads(usual)
    alone = Predictions(deep, dataset, batch_size=64).features(layer="first")
    np.testing.assert_array_equal(found, alone)


def encoder(network, **facts):
    """A network without classes."""
    return Network(
        **{
            "name": "seer",
            "network": network.eval().requires_grad_(False),
            "mean": (0.5,),
            "std": (0.25,),
            "fingerprint": "",
            **facts,
        }
    )


def test_an_encoder_has_features_and_no_logits(few):
    """What needs logits is undefined, with its reason; no pass is spent on it."""
    torch.manual_seed(0)
    seer = encoder(torch.nn.Conv2d(1, 5, 3))
    calls = counted(seer)
    found = Predictions(lambda: seer, few)
    for ask in (found.logits, found.probs, found.predicted):
        with pytest.raises(UndefinedMetricError, match=r"an encoder.*no logits"):
            ask()
    assert not calls
    images = seer.normalise(torch.cat(list(few.blocks())))
    expected = seer.network(images).mean((2, 3)).numpy()
    np.testing.assert_allclose(found.features(), expected, atol=1e-6)


def test_an_encoder_s_head_can_be_named(few):
    """What enters that part are the features, whatever comes out."""
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 1000))
    found = Predictions(lambda: encoder(network, head="1"), few)
    assert found.features().shape == (20, 64)


def test_an_encoder_gives_features_of_a_layer_after_those_of_its_output(few):
    """In a pass of its own, which has no need of the output once more."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 5, 3), torch.nn.ReLU())
    layer = Layer(name="first", module="0")
    found = Predictions(lambda: encoder(network, layers=(layer,)), few)
    output = found.features()
    first = found.features(layer="first")

    assert first.shape == output.shape == (20, 5)
    assert (output >= first - 1e-6).all()
    assert (first != output).any()


def test_features_of_an_encoder_must_be_finite(few):
    """As the logits of a classifier."""
    broken = torch.nn.Flatten()
    broken.register_forward_hook(lambda _part, _inputs, output: output / 0)
    with pytest.raises(ValueError, match=r"features of model seer on few .* finite"):
        Predictions(lambda: encoder(broken), few).features()
