"""A large library is loaded without a look for garbage, and left alone for good."""

import gc
import sys

import pytest

from harness.lasting import lasting


@pytest.fixture
def library(monkeypatch, tmp_path):
    """Name of a module that is not loaded."""
    name = "large_library_of_this_test"
    (tmp_path / f"{name}.py").write_text("import gc\nlooked = gc.isenabled()\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)
    gc.unfreeze()


def test_garbage_is_looked_for_after_it_only_and_not_among_what_is_there(library):
    gc.unfreeze()

    with lasting(library):
        module = __import__(library)

    assert not module.looked
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_once_loaded_it_changes_nothing(library):
    __import__(library)
    gc.unfreeze()

    with lasting(library):
        assert gc.isenabled()

    assert gc.get_freeze_count() == 0


def test_who_collects_no_garbage_goes_on_so(library):
    gc.disable()
    try:
        with lasting(library):
            __import__(library)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_cannot_be_loaded_leaves_the_collector_on(library):
    gc.unfreeze()

    with pytest.raises(ImportError), lasting("no_such_library"):
        __import__("no_such_library")

    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
