"""What cannot be had is tried once a run, and said of every cell that wants it."""

import pytest

COUNTED = """
import dataclasses, pathlib
from harness.errors import MissingData

def absent(what):
    with pathlib.Path(what).open("a") as file:
        file.write("tried\\n")
    raise MissingData(what, ["nowhere"], "wait for it")
"""
SOURCE = """
TOY = dataclasses.replace(TOY, test=lambda settings: absent("source"))
"""
MODEL = """
class Gone:
    name, base = "gone", "toy"

    def locate(self, settings):
        return "far away"

    def fingerprint(self, settings, base, tell):
        absent("model")

    def load(self, settings, base, device, tell):
        absent("model")

usual = pytest_harness_register

def pytest_harness_register(registry):
    usual(registry)
    registry.add_entry(Gone())
"""


@pytest.mark.parametrize(
    ("what", "code", "model"),
    [("source", SOURCE, "soft"), ("model", MODEL, "gone")],
    ids=["source", "model"],
)
def test_what_cannot_be_had_is_tried_once(toy, what, code, model):
    """Not in each of the cells, which all fail and name it."""
    with (toy.path / "conftest.py").open("a") as file:
        file.write(COUNTED + code)

    result = toy.runpytest_inprocess("-k", model)

    assert (toy.path / what).read_text().split() == ["tried"]
    result.assert_outcomes(errors=14)
    result.stdout.fnmatch_lines([f"*{what} not found; looked at nowhere; wait for it*"])
