"""Who may import whom: each part of the harness builds on those below it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "harness"

# From the bottom up. A part may import its own and any lower one; a part of the same
# number is a sibling that must not be imported.
LEVELS = {
    "renamed": -4,
    "printable": -3,
    "progress": -3,
    "display": -2,
    "errors": -2,
    "extras": -2,
    "lasting": -2,
    "digests": -2,
    "activation": -2,
    "traits": -1,
    "arrays": -1,
    "artifacts": 0,
    "code": 0,
    "contents": 1,
    "queries": 0,
    "settings": 0,
    "measurement": 0,
    "sampling": 0,
    "interrupts": 0,
    "exits": 0,
    "download": 1,
    "metrics": 1,
    "views": 1,
    "datasets": 2,
    "models": 3,
    "answers": 4,
    "tasks": 5,
    "analysis": 5,
    "caches": 5,
    "store": 6,
    "plan": 6,
    "estimate": 6,
    "collector": 7,
    "merging": 7,
    "registry": 7,
    "layer_choice": 4,
    "grid": 8,
    "keys": 9,
    "run": 10,
    "saving": 9,
    "fixtures": 11,
    "protocol": 12,
    "report": 12,
    "options": 11,
    "given": 12,
    "hookspecs": 12,
    "distribution": 12,
    "conftests": 12,
    "registrations": 12,
    "selftest": 6,
    "shards": 12,
    "unmatched": 12,
    "backbones": 13,
    "spread": 13,
    "engines": 13,
    "controller": 13,
    "plugin": 14,
    "commands": 15,
    "cli": 16,
    "__main__": 17,
}
# Within a part, from the bottom up; what is not named may not be imported by these.
INSIDE = {
    "metrics": (
        {"ask", "numerics"},
        {"spec"},
        {"image_statistics", "label_free", "outcomes", "robustness"},
        {"clustering", "embeddings", "learning_order", "representation"},
    ),
    "datasets": (
        {
            "family",
            "geometry",
            "remembered",
            "tree",
            "class_folders",
            "label_numbers",
            "class_map",
            "hierarchy",
            "image_ids",
            "image_names",
        },
        {"images", "passed_over", "places", "truth", "truth_files"},
        {"dataset", "decoded", "kept", "label_lists"},
        {"readers", "made", "own", "watched"},
        {"bases"},
        {"families", "own_truth"},
        {"folders"},
        {"own_base"},
    ),
    "models": (
        {"batches", "layers", "normalisation", "fusion", "processes", "weights"}
        | {"larc", "shared_norm", "small_types"},
        {"headed", "pretext", "self_classifier"},
        {"recipe"},
        {"objectives"},
        {"network", "stages", "training"},
        {"classifier", "record"},
        {"entry", "recorder", "tap", "trainings", "yours"},
        {"published_record", "trained_here", "untrained"},
        {"published", "recorded_population"},
        {"population"},
        {"entries"},
    ),
    "analysis": (
        {"alexnet", "doubts", "published_layers", "labelling", "left_out", "ranges"},
        {"coverage"},
        {"fits"},
        {"correlation", "forecasts", "kind_errors", "null_models", "on_the_line"},
        {"accuracy_lines", "aggregates", "along_axes", "assumptions", "outcomes"},
        {"aggregating", "differences", "predictors", "resampling", "residuals"},
        {"targets"},
        {"choosing", "comparison", "headlines", "places", "ranking", "transfer"},
        {"detail", "from_arrays", "gates"},
    ),
}
# Third parties that a part must do without.
FORBIDDEN = {
    "metrics": {"torch", "pytest", "torchvision", "rich"},
    "analysis": {"torch", "pytest", "torchvision", "rich"},
    "report": {"torch", "torchvision"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def part_of(module: str) -> str:
    """The part of the harness that a dotted module name belongs to."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path, *, running_only: bool) -> set[str]:
    """Modules that a file imports; without those for type checkers if asked."""
    tree = ast.parse(path.read_text())
    skipped = set()
    if running_only:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                skipped |= {id(inner) for part in node.body for inner in ast.walk(part)}
    found = set()
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downwards(path):
    """No module imports from a part above its own, nor from a sibling."""
    own = part_of(
        "harness." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    )
    if own == "__init__":
        return
    for module in imports(path, running_only=True):
        top = module.split(".")[0]
        assert top not in FORBIDDEN.get(own, ()), f"{own} must not import {module}"
        other = part_of(module) if top == "harness" else ""
        if other and other != own:
            assert LEVELS[other] < LEVELS[own], f"{own} must not import {module}"


@pytest.mark.parametrize("part", INSIDE)
def test_imports_point_downwards_within_a_part(part):
    """A reader knows no base, and a label-free metric no outcome."""
    level = {name: i for i, names in enumerate(INSIDE[part]) for name in names}
    assert all(_exists(PACKAGE / part / name) for name in level)
    for path in sorted((PACKAGE / part).rglob("*.py")):
        own = path.relative_to(PACKAGE / part).with_suffix("").parts[0]
        if own not in level:
            continue
        for module in imports(path, running_only=True):
            names = module.split(".")
            if names[:2] == ["harness", part] and len(names) > 2 and names[2] != own:
                assert level.get(names[2], 99) < level[own], f"{path} imports {module}"


def _exists(place):
    return place.is_dir() or place.with_suffix(".py").is_file()


def test_every_part_has_a_place():
    """A new module needs a level, so that its imports are checked."""
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}

    assert parts - {"__init__"} <= set(LEVELS)


def test_every_folder_is_a_package():
    """A folder without __init__.py works from a checkout and is missing in a wheel."""
    folders = {path.parent for path in FILES}

    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_modules_of_the_report_import_in_no_circle():
    """Not for type checkers either: what reads a run's file knows the summary, which
    knows what was saved, which knows neither.
    """
    names = {
        "harness."
        + ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in FILES
        if path.relative_to(PACKAGE).parts[0] == "report"
    }
    left = {
        n: imports(path, running_only=False) & names.keys() for n, path in names.items()
    }
    while free := [name for name, needed in left.items() if not needed & left.keys()]:
        for name in free:
            del left[name]

    assert not left, "these import each other: " + ", ".join(sorted(left))
