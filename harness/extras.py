"""The name that the package is installed by, and the extras it can be installed with.

`harness` alone is somebody else's package on PyPI.
"""

DISTRIBUTION = "pytest-unlabelled"


def install(extra: str) -> str:
    """The command that installs what an extra brings.

    Examples
    --------
    >>> install("onnx")
    "pip install 'pytest-unlabelled[onnx]'"
    """
    return f"pip install '{DISTRIBUTION}[{extra}]'"
