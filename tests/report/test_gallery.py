"""Galleries: pictures that every writer shows or says where they are."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from harness.report.files import write_files
from harness.report.gallery import LARGEST, Gallery, Picture, Strip, drawn, thumbnail
from harness.report.html import page
from harness.report.markdown import markdown
from harness.report.portable import portable
from harness.report.run_file.reopening import reopen, write_json
from harness.report.section import Shown
from harness.report.terminal import report_text
from tests.report.pages import sample


def picture(value, side=8, text=""):
    return thumbnail(np.full((side, side, 1), value, np.uint8), text)


GALLERY = Gallery(
    title="clusters of net",
    strips=(
        Strip(name="one", text="2 images", pictures=(picture(0), picture(255))),
        Strip(name="<b>two", pictures=(picture(9, text='"<i>'),)),
    ),
)


def summary(gallery=GALLERY):
    shown = Shown(name="clusters", title="clusters", parts=(gallery,))
    return replace(sample(), shown=(shown,))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_thumbnail_is_the_image_or_smaller(channels):
    rng = np.random.default_rng(0)
    small = rng.integers(256, size=(8, 6, channels), dtype=np.uint8)
    large = rng.integers(256, size=(200, 100, channels), dtype=np.uint8)

    same = np.asarray(Image.open(io.BytesIO(thumbnail(small).content())))
    assert np.array_equal(same.reshape(small.shape), small)
    assert Image.open(io.BytesIO(thumbnail(large).content())).size == (32, 64)


@pytest.mark.parametrize(
    "pixels", [np.zeros((8, 8, 1)), np.zeros((8, 8), np.uint8), np.zeros((2, 2, 4))]
)
def test_pixels_of_another_kind_are_refused(pixels):
    with pytest.raises(ValueError, match="`pixels` must be"):
        thumbnail(pixels)


@pytest.mark.parametrize(
    "content", ["", "a", '"><script>', base64.b64encode(b"GIF89a").decode()]
)
def test_what_is_no_png_is_no_picture(content):
    """A report from elsewhere can put nothing else into a page."""
    with pytest.raises(ValueError, match="a picture must be a PNG"):
        Picture(png=content)


def test_the_page_embeds_them_and_says_their_size():
    text = page(summary())

    assert text.count("data:image/png;base64,") == 3
    assert "&lt;b&gt;two" in text
    assert "<b>two" not in text
    assert 'alt="&#34;&lt;i&gt;"' in text
    assert f"3 pictures, {GALLERY.size / 1024:.0f} KiB." in text


def test_others_say_where_they_are():
    told = "clusters of net: 3 pictures are on the page"

    assert told in report_text(summary(), width=200)
    assert told in markdown(summary())


def test_they_come_back_from_json_and_lose_nothing_on_the_way(tmp_path):
    write_json(tmp_path / "r.json", summary())

    assert reopen(tmp_path / "r.json").shown == summary().shown
    assert portable(summary()).shown == summary().shown


def test_plots_have_a_sheet_of_them(tmp_path):
    pytest.importorskip("matplotlib")
    write_files({"plots": tmp_path / "plots"}, summary())

    with Image.open(tmp_path / "plots" / "clusters-of-net.png") as sheet:
        found = np.asarray(sheet)
    assert found.shape == (*drawn(GALLERY).size[::-1], 3)
    assert (found[88:136, 220:268] == 9).all()  # the third picture, grown


def captioned(*texts):
    pictures = tuple(picture(9, text=text) for text in texts)
    return Gallery(title="t", strips=(Strip(name="s", pictures=pictures),))


def test_of_a_long_caption_the_end_is_seen():
    """How sure a network is, after the name of a class that is cut."""
    sure, unsure = (f"golden retriever, {share} %" for share in (100, 10))

    assert drawn(captioned(sure)).tobytes() != drawn(captioned(unsure)).tobytes()
    text = page(summary(captioned(sure)))
    assert "<span>golden retriever,</span> <span>100 %</span></figcaption>" in text
    assert f'alt="{sure}"' in text


def test_a_caption_that_fits_takes_one_line():
    one, none, two = (
        drawn(captioned(text)) for text in ("8, 42 %", "", "golden retriever, 8 %")
    )

    assert one.size == none.size
    assert two.height > one.height


def test_what_is_cut_of_a_caption_shows_it():
    cut, whole = (drawn(captioned(text)) for text in ("m" * 50, "m" * 5))

    assert cut.tobytes() != whole.tobytes()


def test_more_than_a_page_should_hold_is_refused():
    rng = np.random.default_rng(0)
    noise = thumbnail(rng.integers(256, size=(64, 64, 3), dtype=np.uint8))
    many = LARGEST // len(noise.png) + 1
    fits = Strip(name="", pictures=(noise,) * (many - 1))

    Gallery(title="noise", strips=(fits,))
    with pytest.raises(ValueError, match=r"gallery 'noise' must have .* show fewer"):
        Gallery(title="noise", strips=(replace(fits, pictures=(noise,) * many),))
