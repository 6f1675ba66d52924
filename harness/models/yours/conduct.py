"""How a network behaves in a dry run: its answers must be one image's own, every time.

A number that changes from run to run, or with the images that happen to share a batch,
is measured all the same and wrong; so it is looked for before anything is measured.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.arrays import lie_in_unit_interval, probability_total
from harness.datasets.family import ANOTHER_BASE
from harness.errors import HarnessError
from harness.models.layers import pooled

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base

Run = Callable[["torch.Tensor"], Any]

# Rows of batches of one shape are computed by the same steps and come out to the bit;
# what is left for other libraries is far below anything that can be seen in a number.
SAME = 1e-4
# A step of bfloat16 is 0.8 % of a number.
SAME_IN_HALF = 2e-2
# Batches of other shapes are computed by other algorithms: 1e-6 in float32, some
# percent in networks that round inside.
OTHER_SHAPE = 0.1
# More runs of a network that changes itself when it is run.
MORE_RUNS = 32


def dry_images(
    base: Base, mean: tuple[float, ...] = (), std: tuple[float, ...] = ()
) -> torch.Tensor:
    """Made images of a base's size, (n, c, h, w), normalised; no two are alike.

    Blurred noise of every coarseness, dark and bright; the first is almost grey, so
    that what depends on others in its batch (their statistics, extremes) shows on it.
    """
    import torch

    height, width, channels = base.size
    n = 16 if height * width <= 64 * 64 else 8
    generator = torch.Generator().manual_seed(0)

    def noise(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator)

    images = []
    for i in range(n):
        coarse = noise(1, channels, 1 + i % 8, 1 + i % 8)
        blurred = torch.nn.functional.interpolate(
            coarse, size=(height, width), mode="bilinear", align_corners=False
        )
        contrast, brightness = (0.1, 1.0) if i == 0 else (1.0, (0.4, 1.0, 2.5)[i % 3])
        mixed = 0.7 * blurred + 0.3 * noise(1, channels, height, width)
        images.append((0.5 + contrast * (mixed - 0.5)) ** brightness)
    made = torch.cat(images)
    if not mean:
        return made
    shape = (1, -1, 1, 1)
    return (made - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)


def checked_logits(output: Any, n: int, base: Base, name: str) -> torch.Tensor:
    """The output for n images, where it is n rows of finite logits.

    Raises
    ------
    HarnessError
        Naming what it is instead.
    """
    import torch

    classes = len(base.classes)
    if not isinstance(output, torch.Tensor):
        raise HarnessError(
            f"model {name} must return a tensor of logits, got {_kind(output)}; take "
            "the logits out of it in a factory"
        )
    if output.ndim != 2 or len(output) != n:
        raise HarnessError(
            f"model {name} must return one row of logits an image, (n, {classes}), got "
            f"shape {tuple(output.shape)} for {n} image{'s' if n > 1 else ''}"
            + ("; name the axis that `squeeze` takes away" if n == 1 else "")
        )
    if output.shape[1] != classes:
        raise HarnessError(
            f"model {name} must tell the {classes} classes of base {base.name} apart "
            f"({_named(base.classes)}), but gives {output.shape[1]} logits; "
            f"{ANOTHER_BASE}"
        )
    if not output.is_floating_point() or not output.isfinite().all():
        raise HarnessError(
            f"model {name} must return finite floating-point logits, got "
            f"{output.dtype} with nan, infinity or whole numbers on made images; "
            "check its weights"
        )
    return output


def _named(classes: Sequence[str]) -> str:
    """The first, so that one is missed that a folder of training images lacks."""
    return ", ".join([*classes[:5], *(["..."] if len(classes) > 5 else [])])


def checked_features(output: Any, n: int, name: str) -> torch.Tensor:
    """(n, d) features of n images that an encoder gave, its maps averaged.

    Raises
    ------
    HarnessError
        Naming what it is instead.
    """
    import torch

    if not isinstance(output, torch.Tensor):
        raise HarnessError(
            f"encoder {name} must return a tensor of features, got {_kind(output)}; "
            "take them out of it in a factory"
        )
    if output.ndim < 2 or len(output) != n:
        raise HarnessError(
            f"encoder {name} must return the features of one image a row, got shape "
            f"{tuple(output.shape)} for {n} image{'s' if n > 1 else ''}"
            + ("; name the axis that `squeeze` takes away" if n == 1 else "")
        )
    if not output.is_floating_point() or not output.isfinite().all():
        raise HarnessError(
            f"encoder {name} must return finite floating-point features, got "
            f"{output.dtype} with nan, infinity or whole numbers on made images; "
            "check its weights"
        )
    try:
        return pooled(output, "avg")
    except ValueError as error:
        raise HarnessError(f"encoder {name} {error}") from None


def _kind(output: Any) -> str:
    kind = type(output).__name__
    names = list(output)[:5] if isinstance(output, dict) else []
    return f"{kind} of {', '.join(map(str, names))}" if names else kind


def check_conduct(
    network: torch.nn.Module,
    run: Run,
    images: torch.Tensor,
    first: torch.Tensor,
    *,
    checked: Callable[[Any, int], torch.Tensor],
    what: str,
    name: str,
    before: dict[str, object],
) -> None:
    """Run a network again: on the same images, beside others, alone and in a pair.

    Parameters
    ----------
    run
        From images to the output.
    first
        (n, k), what it gave for the images the first time.
    checked
        From an output and its number of images to rows, or an error.
    what
        That rows are: "logits" or "features".
    before
        Its `state` before that.

    Raises
    ------
    HarnessError
        If rows change from run to run, or depend on the other images of a batch or on
        their number.
    """

    def answer(part: torch.Tensor) -> torch.Tensor:
        try:
            output = run(part)
        except (Exception, SystemExit) as error:  # the user's code may raise anything
            n = len(part)
            raise HarnessError(
                f"model {name} must take batches of any number of images, but running "
                f"it on {n} more {'images' if n > 1 else 'image'} failed: "
                f"{_reason(error)}"
            ) from error
        return checked(output, len(part)).double()

    expected = first.double()
    after_one = state(network)
    beside = answer(_alike(images))
    again = answer(images)
    same = SAME if first.dtype.itemsize >= 4 else SAME_IN_HALF
    limit = _limit(expected, same)
    repeats = partial(
        _check_repeats, name, what=what, limit=limit, network=network, before=before
    )
    repeats((again - expected).abs().max().item())
    apart = (beside[0] - expected[0]).abs().max().item()
    cure = (
        "normalise by running statistics and not by those of the batch, quantise by "
        "fixed scales, call eval() before an export, and let no layer look along the "
        "first axis"
    )
    if apart > limit:
        raise HarnessError(
            f"model {name} must give each image {what} of its own, but those of one "
            f"image move by {apart:.2g} with the other images of its batch; {cure}"
        )
    alone = answer(images[1:2])
    pair = answer(images[1:3])
    apart = max(
        (alone[0] - expected[1]).abs().max().item(),
        (pair - expected[1:3]).abs().max().item(),
    )
    if apart > _limit(expected, OTHER_SHAPE):
        raise HarnessError(
            f"model {name} must give each image {what} of its own, but those of one "
            f"image move by {apart:.2g} with the number of images in its batch; {cure}"
        )
    if state(network) != after_one:
        for _ in range(MORE_RUNS):
            repeats((answer(images[1:2]) - alone).abs().max().item())


def check_no_probabilities(output: torch.Tensor, name: str) -> None:
    """Refuse (n, k) outputs that are no logits.

    Raises
    ------
    HarnessError
        If they are probabilities.
    """
    import torch

    # NumPy has no bfloat16; its numbers stay what they are in float32.
    kept = output.float() if output.dtype is torch.bfloat16 else output
    rows = kept.numpy()
    trait = ""
    if total := probability_total(rows):
        trait = f"they sum to {total}"
    # Exact zeros are a ReLU's, or of sigmoids so sure that they reach 1 elsewhere.
    elif lie_in_unit_interval(rows) and rows.max() >= (0.99 if 0 in rows else 0.5):
        trait = "they all lie between 0 and 1"
    if trait:
        raise HarnessError(
            f"model {name} must return logits, but its outputs are probabilities: "
            f"{trait}; leave its softmax or sigmoid out, or return the logarithm"
        )


def _alike(images: torch.Tensor) -> torch.Tensor:
    """The first image in place of every one."""
    return images[:1].repeat(len(images), 1, 1, 1)


def _limit(logits: torch.Tensor, share: float) -> float:
    """How far two answers may be apart: a share of how far logits of an image are."""
    spread = (logits - logits.mean(1, keepdim=True)).abs().max().item()
    return share * spread + 1e-6 * logits.abs().max().item()


def _check_repeats(
    name: str,
    apart: float,
    *,
    what: str,
    limit: float,
    network: torch.nn.Module,
    before: dict[str, object],
) -> None:
    if apart <= limit:
        return
    now = state(network)
    changed = [key for key in now if now[key] != before.get(key)]
    why = f"running it changes {', '.join(changed[:3])}; " if changed else ""
    raise HarnessError(
        f"model {name} must give the same {what} for the same images, but two runs "
        f"differ by {apart:.2g}; {why}switch off what is random or still training in "
        "eval mode: functional dropout takes training=self.training, noise too, and an "
        "export follows eval()"
    )


def state(network: torch.nn.Module) -> dict[str, object]:
    """What running a network may change in it, small enough to be compared."""
    return {key: mark for key, mark in _marks(network) if mark is not None}


def _marks(network: torch.nn.Module) -> Iterator[tuple[str, object]]:
    import torch

    for name, part in network.named_modules():
        prefix = f"{name}." if name else ""
        for key, value in vars(part).items():
            if isinstance(value, bool | int | float | str):
                yield f"{prefix}{key}", value
            elif isinstance(value, torch.Tensor):
                yield f"{prefix}{key}", _mark(value)
            elif isinstance(value, list | set | deque):
                yield f"{prefix}{key}", len(value)
    for key, tensor in (*network.named_parameters(), *network.named_buffers()):
        yield key, _mark(tensor)


def _mark(tensor: torch.Tensor) -> object:
    """Where a tensor lies and how often it was written; None where nobody can tell."""
    try:
        return tensor.data_ptr(), tensor._version
    except RuntimeError:  # sparse ones lie nowhere, inference ones count no writing
        return None


def _reason(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
