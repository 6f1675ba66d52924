"""Networks from files that hold their graph: torch.export and ONNX."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.errors import BadData, HarnessError, MissingData
from harness.extras import install
from harness.models.weights import is_file
from harness.models.yours.archive import check_archive, only_tensors_unpickled
from harness.models.yours.built import Built

if TYPE_CHECKING:
    import torch

    from harness.datasets.family import Base
    from harness.settings import ModelSpec, Settings


def _located(spec: ModelSpec) -> Path:
    path = spec.folder / Path(spec.target).expanduser()
    if not is_file(path):
        raise MissingData(
            f"file of model {spec.target}", [path], "name an exported file"
        )
    if spec.weights:
        raise HarnessError(
            f"model {spec.target} holds its own weights; leave ?weights= out"
        )
    return path


def in_batches(
    run: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor, size: int
) -> torch.Tensor:
    """Rows of a function that takes batches of one size only; the last is filled up.

    Parameters
    ----------
    images
        (n, c, h, w).
    size
        Images in each call.
    """
    import torch

    answers = []
    for part in torch.split(images, size):
        filling = part[-1:].expand(size - len(part), *part.shape[1:])
        answers.append(run(torch.cat([part, filling]))[: len(part)])
    return torch.cat(answers)


@cache
def _graph_network() -> type[torch.nn.Module]:
    """The class around a graph; made late, since its base is heavy to import."""
    import torch

    class GraphNetwork(torch.nn.Module):
        """A graph that was frozen in eval mode, and may take one batch size only."""

        def __init__(self, graph: Any, batch: int | None) -> None:
            super().__init__()
            # Out of sight of eval(), which exported modules refuse.
            self.graph = (graph,)
            self.batch = batch

        def _apply(self, function: Any, recurse: bool = True) -> Any:
            for graph in self.graph:
                if isinstance(graph, torch.nn.Module):
                    graph._apply(function)  # type: ignore[no-untyped-call]
            return super()._apply(function, recurse)  # type: ignore[no-untyped-call]

        def forward(self, images: torch.Tensor) -> Any:
            (graph,) = self.graph
            if self.batch is None:
                return graph(images)
            return in_batches(graph, images, self.batch)

    return GraphNetwork


@dataclass(frozen=True, slots=True)
class _File:
    """A file that holds graph and weights."""

    spec: ModelSpec
    own_code: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """The file's."""
        return Path(self.spec.target).stem

    def locate(self, settings: Settings) -> str:
        """The file's path."""
        return str(_located(self.spec))


@dataclass(frozen=True, slots=True)
class Exported(_File):
    """A file that `torch.export.save` wrote; it has no layers, so no features."""

    def build(self, settings: Settings, base: Base, tell: Any) -> Built:
        """The graph with its weights.

        Raises
        ------
        BadData
            If the file cannot be read.
        """
        import torch

        path = _located(self.spec)
        if not zipfile.is_zipfile(path):
            raise BadData(f"model {path} is damaged, or torch.export did not save it")
        try:
            check_archive(path)
            with only_tensors_unpickled():
                program = torch.export.load(path)
        except HarnessError:
            raise
        except Exception as error:  # what it raises depends on where it is damaged
            if found := re.search(r"GLOBAL ([\w.]+)", str(error)):
                raise BadData(
                    f"model {path} must hold only tensors, got a pickled {found[1]}, "
                    "which could run code; export it again or, where you trust the "
                    "file, load it in a function: FILE.py:FUNCTION"
                ) from error
            reason = str(error).partition("\n")[0]
            raise BadData(
                f"model {path} cannot be read with PyTorch {torch.__version__}: "
                f"{reason}; export it again with torch.export.save"
            ) from error
        network = _graph_network()(program.module(), _exported_batch(program))
        return Built(network=network, files=[path])


def _exported_batch(program: torch.export.ExportedProgram) -> int | None:
    """The number of images that the graph was exported for; None if it takes any."""
    names = set(program.graph_signature.user_inputs)
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in names:
            size = node.meta["val"].shape[0]
            return size if isinstance(size, int) else None
    return None


@dataclass(frozen=True, slots=True)
class Onnx(_File):
    """An ONNX file, run by onnxruntime on the processor; it has no features."""

    def build(self, settings: Settings, base: Base, tell: Any) -> Built:
        """A session behind a module.

        Raises
        ------
        HarnessError
            If onnxruntime is missing, or the graph takes or gives more than one tensor.
        BadData
            If the file cannot be read.
        """
        path = _located(self.spec)
        try:
            import onnxruntime
        except ImportError as error:
            raise HarnessError(
                f"model {self.spec.target} needs onnxruntime: {install('onnx')}"
            ) from error
        beside = external_files(path)
        try:
            session = onnxruntime.InferenceSession(
                str(path), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors have no common class
            reason = str(error).partition("\n")[0]
            raise BadData(f"model {path} cannot be read: {reason}") from error
        inputs, outputs = session.get_inputs(), session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise HarnessError(
                f"model {path} must take one tensor and give one, got "
                f"{len(inputs)} and {len(outputs)}; export the logits alone"
            )
        batch = inputs[0].shape[0]
        network = _graph_network()(
            _session_runner(session, inputs[0].name),
            batch if isinstance(batch, int) else None,
        )
        return Built(network=network, files=[path, *beside])


# A field `key` of four bytes' type and length, that is called so; the value follows.
_LOCATION = re.compile(rb"\x0a\x08location\x12")


def external_files(path: Path) -> list[Path]:
    """Files beside an ONNX file where it says that tensors of its lie.

    Raises
    ------
    BadData
        If one lies outside of its folder.
    """
    content = path.read_bytes()
    found = set()
    for match in _LOCATION.finditer(content):
        length, start = _varint(content, match.end())
        name = content[start : start + length].decode(errors="replace")
        file = path.parent / name
        if path.parent.resolve() not in file.resolve().parents:
            raise BadData(
                f"model {path} must keep its tensors in its folder, but names "
                f"{name!r}; save it again with its data beside it"
            )
        if is_file(file):
            found.add(file)
    return sorted(found)


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number of protocol buffers, seven bits a byte, and where it ends."""
    number = shift = 0
    for end, byte in enumerate(content[at : at + 5], at + 1):
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, end
    return 0, at


def _session_runner(session: Any, name: str) -> Callable[[torch.Tensor], torch.Tensor]:
    def run(images: torch.Tensor) -> torch.Tensor:
        import torch

        (logits,) = session.run(None, {name: images.cpu().contiguous().numpy()})
        return torch.from_numpy(logits).to(images.device)

    return run
