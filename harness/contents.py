"""Contents: what values and functions of a user's are made of, as text.

No address, no place on the disk, no order of a set is in it: the same content gives the
same text in every process.
"""

from __future__ import annotations

import copyreg
import enum
import functools
import hashlib
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

import numpy as np

from harness.code import code_digest, is_own, own_file

_PLAIN = (bool, int, float, complex, bytes, type(None), type(...), range, slice)
# Objects of these modules hold values; those of the others are the machine's.
_STANDARD = sys.stdlib_module_names - {"os", "pathlib"}
_OF_TORCH = frozenset({"dtype", "device", "layout", "memory_format"})
# Numbers that torch.compile gives to each wrapper that it makes.
_COMPILERS = "_torchdynamo"
# PyTorch's own book-keeping in every module; hooks on forward alone change numbers.
_HOOKS = ("_forward_pre_hooks", "_forward_hooks")


class Contents:
    """Collects texts by name, and the files of the code that they speak of.

    Functions and classes of the user's are gone into: values of their modules, of their
    closures and defaults, attributes of classes, and functions that those call.
    """

    def __init__(self) -> None:
        #: By name.
        self.texts: dict[str, str] = {}
        #: Code, and what else decides.
        self.files: set[Path] = set()
        self._seen: set[int] = set()  # functions and classes
        self._kept: list[object] = []  # so that no id comes again
        self._open: set[int] = set()  # values that are being gone through

    def digest(self) -> str:
        """sha256 over all of it."""
        what = sorted(self.texts.items()), code_digest(self.files)
        return hashlib.sha256(repr(what).encode()).hexdigest()

    def of_instance(self) -> dict[str, str]:
        """The texts of what a network holds, without its process's and its code's."""
        kinds = ("tensor ", "attribute ", *_HOOKS)
        return {name: t for name, t in self.texts.items() if name.startswith(kinds)}

    def add(self, name: str, value: object) -> None:
        """Add a value under a name; two of one name are both kept."""
        text = self.text(value)
        while self.texts.setdefault(name, text) != text:
            name += "'"

    # --- values -----------------------------------------------------------------------

    def text(self, value: object) -> str:
        """A value as text; of things whose content is unknown, their type's name."""
        if isinstance(value, str):
            # Where something lies is not what it is.
            return "a path" if Path(value).is_absolute() else repr(value)
        if isinstance(value, enum.Enum):
            return f"{type(value).__qualname__}.{value.name}"
        if type(value) in _PLAIN:
            return repr(value)
        if id(value) in self._open:
            return "itself"
        self._open.add(id(value))
        try:
            return self._compound(value)
        finally:
            self._open.remove(id(value))

    def _compound(self, value: object) -> str:
        kind = type(value).__qualname__
        if isinstance(value, Mapping) and value is not os.environ:
            pairs = [f"{self.text(k)}: {self.text(v)}" for k, v in value.items()]
            return f"{kind}{sorted(pairs)}"
        if isinstance(value, set | frozenset):
            return f"{kind}{sorted(map(self.text, value))}"
        if isinstance(value, tuple | list):
            return f"{kind}{[self.text(item) for item in value]}"
        if isinstance(value, np.ndarray | np.generic):
            return self._array(np.asarray(value))
        if isinstance(value, type):
            self.add_class(value)
            return f"{value.__module__}.{kind}" if not _is_ours(value) else kind
        if isinstance(value, functools.partial):
            parts = value.func, value.args, value.keywords
            return f"partial{[self.text(part) for part in parts]}"
        if isinstance(value, MethodType):
            return f"{self.text(value.__func__)} of {self.text(value.__self__)}"
        if isinstance(value, FunctionType):
            self.add_function(value)
            own = _is_ours(value)
            return value.__qualname__ if own else f"{value.__module__}.{value.__name__}"
        if isinstance(value, BuiltinFunctionType):
            return f"{value.__module__}.{value.__name__}"
        if found := self._of_torch(value):
            return found
        if callable(value) and hasattr(value, "__wrapped__"):  # by functools.cache
            return f"{kind} {self.text(value.__wrapped__)}"
        return self._object(value)

    def _object(self, value: object) -> str:
        kind = type(value)
        if is_dataclass(value):
            inside: Any = {f.name: getattr(value, f.name, None) for f in fields(value)}
        elif _is_ours(kind):
            inside = {**getattr(value, "__dict__", {})}, _made_of(value)
        elif kind.__module__ in _STANDARD:
            return f"{kind.__qualname__} {self.text(_made_of(value))}"
        else:
            return kind.__qualname__
        self.add_class(kind)
        return f"{kind.__qualname__} {self.text(inside)}"

    def _array(self, array: np.ndarray[Any, Any]) -> str:
        if array.dtype.hasobject:
            return f"array{[self.text(item) for item in array.ravel().tolist()]}"
        content = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
        return f"array {array.dtype} {array.shape} {content}"

    # --- PyTorch's --------------------------------------------------------------------

    def _of_torch(self, value: object) -> str:
        """Tensors, modules and what torch calls types; empty for anything else."""
        torch: Any = sys.modules.get("torch")
        if torch is None:
            return ""
        if isinstance(value, torch.Tensor):
            return _tensor(value)
        if isinstance(value, torch.nn.Module):
            inner = Contents()
            inner._open = self._open
            inner.add_network(value)
            self.files |= inner.files
            return repr(sorted(inner.texts.items()))
        if type(value).__module__ == "torch" and type(value).__name__ in _OF_TORCH:
            return repr(value)
        return ""

    def add_network(self, network: Any) -> None:
        """Add a `torch.nn.Module`: tensors, buffers, attributes, hooks, classes.

        Also those that no state dict holds.
        """
        usual = vars(_bare_module()).keys()
        self.texts["repr"] = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(network))
        for name, tensor in network.state_dict().items():
            self.add(f"tensor {name}", tensor)
        for name, buffer in network.named_buffers():
            self.add(f"tensor {name}", buffer)
        for name, part in network.named_modules():
            self.add_class(type(part))
            for attribute, value in vars(part).items():
                if attribute not in usual and not attribute.startswith(_COMPILERS):
                    self.add(f"attribute {name}.{attribute}".replace(" .", " "), value)
            for hooks in _HOOKS:
                if found := list(vars(part).get(hooks, {}).values()):
                    self.add(f"{hooks} {name}", found)
            if (code := _script(part)) is not None:
                self.texts[f"script {name}"] = code

    # --- code -------------------------------------------------------------------------

    def add_class(self, kind: type) -> None:
        """Add a class's file, and of the user's own its attributes and functions."""
        if not self._is_new(kind):
            return
        for base in kind.__mro__:
            if base.__module__.partition(".")[0] in ("builtins", "torch", "harness"):
                continue
            try:
                file = inspect.getsourcefile(base)
            except (TypeError, OSError):  # made at run time
                file = None
            if file and Path(file).is_file():
                self.files.add(Path(file))
            if _is_ours(base):
                self._add_attributes(base)

    def _add_attributes(self, kind: type) -> None:
        for name, value in vars(kind).items():
            plain = inspect.unwrap(getattr(value, "__func__", value))
            if isinstance(value, property):
                plain = value.fget
            if isinstance(plain, FunctionType):
                self.add_function(plain)
            elif not (name.startswith("__") and name.endswith("__")):
                self.add(f"{kind.__qualname__}.{name}", value)

    def add_function(self, function: Callable[..., Any]) -> None:
        """Add a function of the user's: its file and the values that it reads.

        Of one with a decorator, the decorator's too.
        """
        function = getattr(function, "__func__", function)
        if not self._is_new(function):
            return
        if (wrapped := getattr(function, "__wrapped__", None)) is not None:
            self.add_function(wrapped)
        if not isinstance(function, FunctionType):  # of functools.cache
            return
        file = Path(function.__code__.co_filename)
        if not file.is_file() or not is_own(file):
            return
        self.files.add(file)
        names = _names(function.__code__)
        for name in sorted(names & function.__globals__.keys()):
            self._add_read(function, name, function.__globals__[name], names)
        free = function.__code__.co_freevars
        for name, cell in zip(free, function.__closure__ or (), strict=True):
            try:
                self._add_read(function, name, cell.cell_contents, names)
            except ValueError:  # empty until the outer function is done
                continue
        for where in (function.__defaults__, function.__kwdefaults__):
            if where:
                self.add(f"{function.__qualname__} defaults", where)

    def _add_read(
        self, function: FunctionType, name: str, value: object, names: set[str]
    ) -> None:
        """What a function finds under a name."""
        if isinstance(value, ModuleType):
            if own_file(value.__name__):
                for attribute in sorted(names & vars(value).keys()):
                    inside = vars(value)[attribute]
                    if not isinstance(inside, ModuleType):
                        self.add(f"{value.__name__}.{attribute}", inside)
        else:
            self.add(f"{function.__qualname__} reads {name}", value)

    def _is_new(self, thing: object) -> bool:
        if id(thing) in self._seen:
            return False
        self._seen.add(id(thing))
        self._kept.append(thing)
        return True


def text_of(value: object) -> str:
    """A value as text, with the code that it holds."""
    contents = Contents()
    contents.add("", value)
    if not contents.files and len(contents.texts) == 1:
        return contents.texts[""]
    return f"{contents.texts['']} {contents.digest()}"


def digest_of(
    code: Iterable[Callable[..., Any]],
    files: Iterable[Path],
    values: Iterable[object] = (),
) -> str:
    """sha256 over functions and classes of the user's, other files of code, values."""
    contents = Contents()
    contents.files.update(files)
    for value in values:
        contents.add("", value)
    for one in code:
        if isinstance(one, type):
            contents.add_class(one)
        else:
            contents.add_function(one)
    return contents.digest()


def _made_of(value: object) -> object:
    """What an object is made again from: also what it has outside its `__dict__`."""
    reduce = copyreg.dispatch_table.get(type(value))
    try:
        made = value.__reduce_ex__(4) if reduce is None else reduce(value)
    except Exception:  # a lock, an open file: it says that it has no content
        return None
    if isinstance(made, str):  # a name in its module
        return made
    return [part if i < 3 else list(part or ()) for i, part in enumerate(made[:5])]


def _is_ours(thing: Any) -> bool:
    """Whether a class or function is the user's own."""
    return own_file(thing.__module__ or "") is not None


def _names(code: CodeType) -> set[str]:
    """Names that code asks for, that of functions within it too."""
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names) | {name for part in inner for name in _names(part)}


def _tensor(tensor: Any) -> str:
    import torch

    if tensor.device.type == "meta":
        return f"tensor {tensor.dtype} {tuple(tensor.shape)} {tensor.layout}"
    if tensor.layout is not torch.strided:
        return f"{tensor.layout} {_tensor(tensor.to_dense())}"
    if tensor.is_quantized:
        return f"{tensor.dtype} {_tensor(tensor.dequantize())}"
    flat = tensor.detach().cpu().resolve_conj().contiguous().flatten()
    content = hashlib.sha256(flat.view(torch.uint8).numpy().tobytes()).hexdigest()
    return f"tensor {tensor.dtype} {tuple(tensor.shape)} {content}"


@functools.cache
def _bare_module() -> Any:
    import torch

    return torch.nn.Module()


def _script(part: Any) -> str | None:
    """The code of a TorchScript; None of any other module."""
    import torch

    if not isinstance(part, torch.jit.ScriptModule):
        return None
    try:
        code, graph = str(part.code), cast("Any", part.inlined_graph)
    except (AttributeError, RuntimeError):  # it has no forward of its own
        return ""
    # torch.jit.freeze makes constants of weights, and code does not show them.
    nodes = graph.findAllNodes("prim::Constant", recurse=True)
    kept = [n for n in nodes if n.hasAttribute("value") and n.kindOf("value") == "t"]
    return "\n".join([code, *(_tensor(node.t("value")) for node in kept)])
