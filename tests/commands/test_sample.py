"""`harness sample`: a folder of pictures that nobody labelled."""

import numpy as np
import pytest
from PIL import Image

from harness.cli import main
from harness.datasets.readers.digits import read_digits


def test_it_writes_the_digits_of_other_writers(tmp_path, capsys):
    """Pixel for pixel, in their order, and nothing that tells a label."""
    assert main(["sample", str(tmp_path / "some" / "photos")]) == 0

    files = sorted((tmp_path / "some" / "photos").iterdir())
    assert [file.name for file in files[:2]] == ["digit-000.png", "digit-001.png"]
    found = np.stack([np.asarray(Image.open(file)) for file in files])
    assert np.array_equal(found[..., None], read_digits("writers").pixels)
    assert capsys.readouterr().out.endswith("510 pictures of digits, without labels\n")


def test_what_is_there_already_stays_as_it_is(tmp_path):
    main(["sample", str(tmp_path)])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}

    assert main(["sample", str(tmp_path)]) == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_half_of_it_is_made_whole(tmp_path):
    """As an interrupted run leaves it."""
    main(["sample", str(tmp_path)])
    (tmp_path / "digit-300.png").unlink()

    assert main(["sample", str(tmp_path)]) == 0
    assert len(list(tmp_path.iterdir())) == 510


@pytest.mark.parametrize("name", ["mine.txt", "digit-510.png"])
def test_a_folder_with_anything_else_is_refused(tmp_path, capsys, name):
    (tmp_path / name).write_text("mine")

    assert main(["sample", str(tmp_path)]) == 2
    assert f"must be a new folder, but holds {name}" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_is_no_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("")

    assert main(["sample", str(tmp_path / "file")]) == 2
    assert "must be a folder" in capsys.readouterr().err
