"""The part of the build that pyproject.toml has no words for: where the suites lie.

They stand at the top of the repository, and come in the wheel as `harness.suites`.
"""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["harness", "harness.*"]),
        *(f"harness.{name}" for name in find_packages(include=["suites", "suites.*"])),
    ],
    package_dir={"harness.suites": "suites"},
)
