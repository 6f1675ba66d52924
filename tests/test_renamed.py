"""What has moved is found under its old name, with a warning of the new one."""

import importlib
import sys
import warnings

import pytest

from harness.renamed import RENAMED, moved, new_name


@pytest.mark.parametrize("old", sorted(RENAMED))
def test_an_old_name_gives_the_moved_module_itself(old, monkeypatch):
    """There is one module of each, so that classes are the same under both names."""
    monkeypatch.delitem(sys.modules, old, raising=False)
    with warnings.catch_warnings(action="ignore"):  # of a package that has moved too
        importlib.import_module(old.rpartition(".")[0])
    with pytest.warns(DeprecationWarning, match=f"{old} is now {RENAMED[old]}"):
        found = importlib.import_module(old)

    assert found is importlib.import_module(RENAMED[old])
    del sys.modules[old]


def test_what_is_inside_of_a_moved_package_moves_along():
    """Modules in it, and no other package that begins with its name."""
    new = "harness.datasets.readers.digits"
    assert new_name("harness.datasets.sources.digits") == new
    assert new_name("harness.datasets.sources_of_light") == ""


def test_names_that_moved_between_modules_are_found():
    """A metric of a user's own may raise `UndefinedMetricError` from the old place."""
    from harness.metrics.numerics import checks

    with pytest.warns(DeprecationWarning, match=r"is now in harness\.errors"):
        error = checks.UndefinedMetricError
    with pytest.warns(DeprecationWarning, match=r"harness\.analysis\.fits\.fits"):
        from harness.analysis.fits import fit_line

    with pytest.warns(DeprecationWarning, match="is now ArrayImages in"):
        from harness.datasets.dataset import Images

    assert Images.__name__ == "ArrayImages"
    assert issubclass(error, ValueError)
    assert fit_line.__module__ == "harness.analysis.fits.fits"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        moved("somewhere", thing="elsewhere")("nothing")
