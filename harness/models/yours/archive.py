"""What a file of torch.export may hold: tensors, and a graph of known operators.

`torch.export.load` unpickles what lies in the file, looks operators up by any name that
`torch` has, evaluates sizes and guards as Python, writes names into the graph's code,
and loads compiled libraries. So all of that is read first, as plain data; what is not
known to be harmless is refused.
"""

from __future__ import annotations

import ast
import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import BadData

# Of today's layout, below the folder that all share, and of that up to PyTorch 2.7.
# Left out: compiled libraries, and objects of other classes.
_MEMBERS = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/\w+"
    r"|models/\w+\.json|extra/[\w./-]+|extra_files/[\w./-]+"
    r"|data/weights/(weight_\d+|\w+_weights_config\.json|\w+\.pt)"
    r"|data/constants/(tensor_\d+|\w+_constants_config\.json|\w+\.pt)"
    r"|data/sample_inputs/\w+\.pt"
    r"|serialized_(exported_program|state_dict|constants)\.json"
    r"|serialized_(state_dict|constants|example_inputs)\.pt"
)
_GRAPH = re.compile(r"models/\w+\.json|serialized_exported_program\.json")

_OPERATORS = re.compile(
    r"torch\.ops\.(aten|prims|quantized|quantized_decomposed|mkldnn|onednn|torchvision)"
    r"\.(__i?(and|or|xor|[lr]shift)__|(?!(save|load|from_file|__\w*)\b)[A-Za-z_]\w*)"
    r"(\.(?!__)[A-Za-z_]\w*)?"
    r"|torch\.ops\.higher_order\.(cond|map_impl|while_loop|scan|invoke_subgraph"
    r"|wrap_with_set_grad_enabled|wrap_with_autocast)"
    r"|_operator\.(eq|ne|le|ge|lt|gt|neg|pos|mul|add|sub|floordiv|mod|pow|truediv|and_"
    r"|or_|lshift|rshift|getitem)"
    r"|math\.[a-z]\w*|torch\.sym_[a-z]\w*"
)
_WORD = re.compile(r"\w*")
_DOTTED = re.compile(r"[\w.]*")
_CALLED = {"target", "as_operator"}
# These come to stand in the graph's code.
_NAMES = {"name", "as_name", "forward_arg_names"}
_TREES = {"in_spec", "out_spec"}
_EXPRESSIONS = {"expr_str", "guards_code"}
# What is kept for people, or put into code in quotes.
_TEXTS = {"metadata", "as_string", "as_strings", "torch_version", "verifiers"}

_FUNCTIONS = re.compile(
    r"Symbol|Integer|Float|Rational|Eq|Ne|Ge|Gt|Le|Lt|And|Or|Not|Xor|Add|Mul|Pow|Max|Min|Mod"
    r"|Abs|Piecewise|ceiling|floor|(Python)?Mod|FloorDiv|CleanDiv|CeilDiv|ModularIndexing"
    r"|Where|(Ceil|Floor|Trunc|Round)To(Int|Float)|RoundDecimal|[LR]Shift|PowByNatural"
    r"|Float(Pow|TrueDiv)|IntTrueDiv|ToFloat|Identity|BitwiseFn_bitwise_(and|or|xor)"
    r"|IsNonOverlappingAndDenseIndicator|OpaqueUnaryFn_[a-z0-9]+"
    r"|size|stride|dim|storage_offset|numel"
)
_VARIABLES = re.compile(r"L|True|False|None|oo|inf|zoo|nan|int_oo|[a-z]+\d+|")
_SAFE_NODES = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Call, ast.keyword),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.operator, ast.unaryop),
    *(ast.boolop, ast.cmpop, ast.Tuple, ast.Attribute, ast.Subscript),
)


def check_archive(path: Path) -> None:
    """Refuse a file that would run code, or might, when it is opened.

    Raises
    ------
    BadData
        Naming what it holds.
    """
    for view in _views(path):
        for name in view:
            if not _MEMBERS.fullmatch(name):
                raise _refusal(path, f"it holds {name!r}")
        for name in filter(_GRAPH.fullmatch, view):
            try:
                graph = json.loads(view[name])
            except (ValueError, RecursionError) as error:
                raise BadData(f"model {path} is damaged: {name}: {error}") from error
            try:
                _check(graph, "", path)
            except RecursionError:
                raise _refusal(path, f"{name} is nested too deeply") from None


def _refusal(path: Path, why: str) -> BadData:
    return BadData(
        f"model {path} must hold tensors and a graph of PyTorch's operators, but "
        f"{why}, which could run code; export it again without or, where you trust the "
        "file, load it in a function: FILE.py:FUNCTION with "
        "torch.export.load(FILE).module()"
    )


def _views(path: Path) -> Iterator[dict[str, bytes]]:
    """Members by name, as Python and as PyTorch reads the file: it may fool one."""
    import torch

    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len({name.lower() for name in names}) < len(names):
            raise _refusal(path, "two members have one name")
        # The old layout has no folder around its members.
        tops = {name.partition("/")[0] for name in names}
        shared = f"{tops.pop()}/" if len(tops) == 1 else ""
        short = {name.removeprefix(shared): name for name in names}
        yield {
            name: archive.read(full) if _GRAPH.fullmatch(name) else b""
            for name, full in short.items()
        }
    try:
        reader: Any = torch._C.PyTorchFileReader(str(path))
        names = reader.get_all_records()
    except RuntimeError:  # it does not know the old layout
        return
    yield {
        name: reader.get_record(name) if _GRAPH.fullmatch(name) else b""
        for name in names
    }


def _check(part: Any, key: str, path: Path) -> None:
    # A tensor may be called as such a text is, and then holds more than texts.
    if key in _TEXTS and _are_texts(part):
        return
    if isinstance(part, dict):
        for name, inner in part.items():
            if not _DOTTED.fullmatch(name) and not _is_safe(name):
                raise _refusal(path, f"its graph has a part {name[:60]!r}")
            _check(inner, name, path)
    elif isinstance(part, list):
        for inner in part:
            _check(inner, key, path)
    elif isinstance(part, str) and not _fits(part, key):
        raise _refusal(path, f"its graph has {key} {part[:60]!r}")


def _are_texts(part: Any) -> bool:
    parts = part.values() if isinstance(part, dict) else part
    return isinstance(part, str) or (
        isinstance(part, dict | list) and all(isinstance(one, str) for one in parts)
    )


def _fits(text: str, key: str) -> bool:
    if key in _CALLED:
        return bool(_OPERATORS.fullmatch(text))
    if key in _NAMES:
        return bool(_WORD.fullmatch(text))
    if key in _EXPRESSIONS:
        return _is_safe(text)
    if key in _TREES:
        return _is_tree(text)
    # Attributes of objects that everything has lead anywhere.
    return bool(_DOTTED.fullmatch(text)) and ".__" not in text


def _is_tree(text: str) -> bool:
    """Whether a description of nested containers names plain ones only."""
    try:
        described = json.loads(text) if text else []
    except ValueError:
        return False
    plain = {None, "builtins.tuple", "builtins.list", "builtins.dict"}
    plain.add("collections.OrderedDict")

    def fits(part: Any) -> bool:
        if isinstance(part, dict):
            return (
                set(part) == {"type", "context", "children_spec"}
                and part["type"] in plain
                and _is_keys(part["context"])
                and fits(part["children_spec"])
            )
        return isinstance(part, int) or (
            isinstance(part, list) and all(map(fits, part))
        )

    return fits(described)


def _is_keys(context: Any) -> bool:
    """Whether a container's context is none, or the names of its parts."""
    try:
        keys = json.loads(context) if isinstance(context, str) else context
    except ValueError:
        return False
    return keys is None or (
        isinstance(keys, list)
        and all(isinstance(key, str) and _WORD.fullmatch(key) for key in keys)
    )


def _is_safe(text: str) -> bool:
    """Whether an expression computes with sizes and calls nothing else."""
    try:
        nodes = list(ast.walk(ast.parse(text.strip(), mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for node in nodes:
        if not isinstance(node, _SAFE_NODES):
            return False
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            fits = bool(_WORD.fullmatch(node.value)) and "__" not in node.value
        elif isinstance(node, ast.Name):
            known = _VARIABLES.fullmatch(node.id) or _FUNCTIONS.fullmatch(node.id)
            fits = known is not None
        elif isinstance(node, ast.Attribute):
            fits = _FUNCTIONS.fullmatch(node.attr) is not None
        else:
            fits = True
        if not fits:
            return False
    return True


@contextmanager
def only_tensors_unpickled() -> Iterator[None]:
    """Let `torch.load` refuse anything but tensors, whoever calls it how."""
    name = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
