"""The page in a real browser, where there is one: chromium, without a screen.

HARNESS_CHROMIUM and HARNESS_CHROMEDRIVER name programs that are not on the path.
"""

import csv
import os
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from harness.report.html import write_html
from tests.report.pages import ODD, measurements, sample, summary

webdriver = pytest.importorskip("selenium.webdriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root in a container has none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
ROW_NAMES = "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map("
ROW_NAMES += "row => row.cells[arguments[1]].textContent)"


def program(variable, *names):
    """Where a program is; skips without it."""
    found = os.environ.get(variable) or next(filter(None, map(shutil.which, names)), "")
    if not found:
        pytest.skip(f"no {names[0]} on the path, and {variable} is not set")
    return found


@pytest.fixture(scope="module")
def browser():
    """A headless chromium."""
    options = webdriver.ChromeOptions()
    options.binary_location = program(
        "HARNESS_CHROMIUM", "chromium", "chromium-browser", "google-chrome"
    )
    driver = program("HARNESS_CHROMEDRIVER", "chromedriver")
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    found = webdriver.Chrome(options=options, service=service)
    yield found
    found.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The sample's page as a file."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_html(path, sample())
    return path.as_uri()


@pytest.fixture
def opened(browser, address):
    """The sample's page on a desktop in daylight; no complaint by the end."""
    screen(browser, 1200)
    scheme(browser, "light")
    browser.get(address)
    yield browser
    assert browser.get_log("browser") == []


def screen(browser, width):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )


def scheme(browser, name, media=""):
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {
            "media": media,
            "features": [{"name": "prefers-color-scheme", "value": name}],
        },
    )


def find(browser, selector):
    return browser.find_element("css selector", selector)


def find_all(browser, selector):
    return browser.find_elements("css selector", selector)


def move_to(browser, element):
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    webdriver.ActionChains(browser).move_to_element(element).perform()


def press(browser, *keys):
    webdriver.ActionChains(browser).send_keys(*keys).perform()


def column(browser, table, index):
    return browser.execute_script(ROW_NAMES, table, index)


def test_a_click_on_a_header_sorts(opened):
    header = find_all(opened, "#correlations th[aria-sort]")[3]  # the interior's R²
    assert header.text.startswith("R²")

    header.find_element("tag name", "button").click()
    down = [float(text) for text in column(opened, "#correlations", 3)]
    assert header.get_attribute("aria-sort") == "descending"
    header.find_element("tag name", "button").click()
    up = [float(text) for text in column(opened, "#correlations", 3)]

    assert down == sorted(down, reverse=True)
    assert up == sorted(up)
    assert header.get_attribute("aria-sort") == "ascending"
    assert len(find_all(opened, "#correlations th[aria-sort$='ending']")) == 1


def test_a_key_on_a_header_sorts(opened):
    compared = "[aria-label='Metrics compared']"
    button = find_all(opened, "#ranks th button")[0]
    opened.execute_script("arguments[0].focus()", button)

    press(opened, "\ue007")  # Enter
    assert column(opened, compared, 0) == ["falling", "rising"]
    press(opened, " ")
    assert column(opened, compared, 0) == ["rising", "falling"]


def test_what_has_no_number_stays_last(browser, tmp_path):
    found = [
        m
        for m in measurements(models=3)
        if m.model != "net1" or m.dataset in ("in0", "out0")
    ]
    write_html(tmp_path / "page.html", summary(found))
    browser.get((tmp_path / "page.html").as_uri())
    header = find_all(browser, "#correlations th[aria-sort] button")[3]

    for _ in range(2):
        header.click()
        assert column(browser, "#correlations", 3)[-2:] == ["-", "-"]
        assert "-" not in column(browser, "#correlations", 3)[:-2]


def test_rows_can_be_sieved(opened):
    find(opened, "[data-sieve]").send_keys("ris net3")

    shown = [row.text for row in find_all(opened, "#correlations tbody tr") if row.text]
    assert [line.split()[:2] for line in shown] == [["rising", "net3"]]


def test_hovering_shows_a_points_name_and_values(opened):
    point = find(opened, f"#chart .point[aria-label^='{ODD}']")
    move_to(opened, point)

    tip = find(opened, "#tip")
    assert tip.is_displayed()
    assert tip.text.startswith(ODD + "\n")
    assert "accuracy" in tip.text
    assert find_all(opened, "#tip *") == []
    assert "chosen" in point.get_attribute("class")
    move_to(opened, find(opened, "h1"))
    assert not tip.is_displayed()


def test_keys_walk_through_the_points(opened):
    find(opened, "#choose-model").click()
    press(opened, "\ue00c")  # Escape
    press(opened, "\ue004")  # Tab: one stop for all points
    tip = find(opened, "#tip")
    labels = [p.get_attribute("aria-label") for p in find_all(opened, "#chart .point")]
    assert tip.text.replace("\n", "; ") == labels[0].replace("\xa0", " ")

    press(opened, "\ue014", "\ue014")  # Right
    assert tip.text.replace("\n", "; ") == labels[2].replace("\xa0", " ")
    press(opened, "\ue010")  # End
    assert tip.text.replace("\n", "; ") == labels[-1].replace("\xa0", " ")
    press(opened, "\ue004")
    assert not tip.is_displayed()
    assert opened.switch_to.active_element.text == "Download as SVG"


def test_metric_and_model_are_chosen(opened):
    best = column(opened, "#ranks", 0)[0]
    assert find(opened, "#choose-metric").get_attribute("value") == best
    assert len(find_all(opened, "#chart .point.interior")) == 12
    assert len(find_all(opened, "#chart .point.exterior")) == 12
    assert len(find_all(opened, "#chart .point.target")) == 1
    assert len(find_all(opened, "#chart .line")) == 2
    assert len(find_all(opened, "#chart .interval")) == 1

    model = find(opened, "#choose-model")
    model.find_element("css selector", "option[value='']").click()
    assert len(find_all(opened, "#chart .point.interior")) == 96

    find(opened, "#correlations a[data-metric=rising][data-model=net5]").click()
    assert model.get_attribute("value") == "net5"
    assert "rising" in find(opened, "#chart svg").get_attribute("aria-label")


def test_the_points_are_also_a_table(opened):
    find(opened, "#plot summary").click()
    # It is made when the browser says that it was opened, which is a little later.
    wait = pytest.importorskip("selenium.webdriver.support.ui").WebDriverWait
    wait(opened, 10).until(lambda page: find_all(page, "#points tbody tr"))

    assert len(find_all(opened, "#points tbody tr")) == 25
    names = column(opened, "#points", 0)
    assert ODD in names
    assert column(opened, "#points", 4)[names.index("test")] == "split test"
    assert column(opened, "#points", 6)[names.index("night")] == "-"


def test_marks_differ_in_shape_as_well_as_in_colour(opened):
    shapes, colours = set(), set()
    for kind in ("interior", "exterior", "target"):
        point = find(opened, f"#chart .point.{kind}")
        path = (point.get_attribute("d") or "").partition("l")[2]
        shapes.add((point.tag_name, path))
        colours.add(point.value_of_css_property("stroke"))
    assert len(shapes) == 3
    assert len(colours) == 3


def test_predicted_accuracy_is_seen_on_a_telephone(opened):
    """Nothing of it lies beside the screen."""
    screen(opened, 390)
    opened.refresh()

    frame = find(opened, "#predictions .scroll")
    assert frame.get_property("scrollWidth") <= frame.get_property("clientWidth")
    cells = find_all(opened, "#predictions td[data-head='accuracy (%)']")
    assert len(cells) == 16
    for cell in cells:
        box = cell.rect
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 390
    head = opened.execute_script(
        "return getComputedStyle(arguments[0], '::before').content", cells[0]
    )
    assert head == '"accuracy (%)"'
    for name in find_all(opened, "#predictions tbody tr > th"):
        assert name.rect["width"] == name.find_element("xpath", "..").rect["width"]
        assert name.value_of_css_property("position") == "static"
    screen(opened, 1200)
    assert cells[0].value_of_css_property("display") == "table-cell"


def test_families_of_a_domain_have_colours_of_their_own(browser, tmp_path):
    """And are named beside them; the shape is the domain's."""
    rows = [
        replace(m, family=f"f{int(m.dataset[3:]) % 3}")
        if m.dataset.startswith("out")
        else m
        for m in measurements(models=1)
    ]
    write_html(tmp_path / "page.html", summary(rows))
    browser.get((tmp_path / "page.html").as_uri())

    points = find_all(browser, "#chart .point.exterior")
    assert len({p.value_of_css_property("fill") for p in points}) == 4
    assert len({p.get_attribute("d").partition("l")[2] for p in points}) == 1
    legend = find(browser, "#legend .families").text
    for name in ("f0 (4)", "f1 (4)", "f2 (3)", f"{ODD} (1)", "in (11)", "test (1)"):
        assert name.replace(ODD, "out") in legend
    assert browser.get_log("browser") == []


@pytest.fixture
def downloads(browser, tmp_path):
    """A folder for what is saved, and a wait for a file there."""
    setting = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", setting)

    def file(name):
        wait = pytest.importorskip("selenium.webdriver.support.ui").WebDriverWait
        wait(browser, 20).until(lambda _: (tmp_path / name).exists())
        return (tmp_path / name).read_text()

    return file


def test_a_table_can_be_saved(opened, downloads):
    """As it is sorted; no text begins as a formula does."""
    find(opened, "#lines .save").click()
    find_all(opened, "#correlations th button")[3].click()
    find(opened, "#correlations .save").click()

    head, *rows = csv.reader(downloads("Every-metric-and-model.csv").splitlines())
    assert head[:4] == ["metric", "model", "interior n", "interior R²"]
    numbers = [float(row[3]) for row in rows]
    assert len(rows) == 18
    assert numbers == sorted(numbers, reverse=True)
    cells = find_all(opened, "#correlations tbody tr:first-child > *")
    assert rows[0] == [cell.text for cell in cells]


def test_what_a_spreadsheet_would_run_stays_text(browser, tmp_path, downloads):
    names = ["=1+1", "@x", "-2+3", 'a"b,c', "'=1"]
    rows = [
        replace(m, model=names[int(m.model[3:])])
        for m in measurements(models=len(names))
    ]
    write_html(tmp_path / "page.html", summary(rows))
    browser.get((tmp_path / "page.html").as_uri())
    find(browser, "#accuracies .save").click()

    found = list(csv.reader(downloads("Accuracy.csv").splitlines()))
    assert {row[0] for row in found[1:]} == {
        "'=1+1",
        "'@x",
        "'-2+3",
        'a"b,c',
        "''=1",
    }


def test_the_plot_can_be_saved(opened, downloads):
    """A picture that needs no page: every mark has its colour, and names are text."""
    find(opened, "#plot .save").click()

    best = column(opened, "#ranks", 0)[0]
    root = ET.fromstring(downloads(f"{best}-net0.svg"))
    name = "{http://www.w3.org/2000/svg}"
    marks = [one for one in root.iter() if "point" in one.get("class", "")]
    assert len(marks) == 25
    assert all("fill: rgb" in one.get("style") for one in marks)
    assert any(one.get("aria-label").startswith(ODD) for one in marks)
    assert {one.tag for one in root.iter()} <= {
        f"{name}{kind}" for kind in ("svg", "rect", "circle", "path", "line", "text")
    } | {f"{name}{kind}" for kind in ("g", "clipPath", "defs")}


@pytest.mark.parametrize("width", [320, 375, 768])
def test_a_narrow_screen_is_not_wider_than_it_is(opened, width):
    screen(opened, width)
    opened.refresh()
    for part in find_all(opened, "details"):
        opened.execute_script("arguments[0].open = true", part)

    wide = opened.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width
    frame = find(opened, "#correlations .scroll")
    inner, outer = (
        opened.execute_script(f"return arguments[0].{name}", frame)
        for name in ("scrollWidth", "clientWidth")
    )
    assert width > 500 or inner > outer  # the table scrolls in its own frame
    opened.execute_script("arguments[0].scrollLeft = 200", frame)
    cell = frame.find_element("css selector", "tbody th")
    assert cell.rect["x"] >= 0  # the row's name stays


def brightness(text):
    red, green, blue = (
        int(part) for part in text[text.index("(") + 1 : -1].split(",")[:3]
    )
    return (red + green + blue) / 3


@pytest.mark.parametrize(("name", "dark"), [("dark", True), ("light", False)])
def test_colours_follow_the_system(opened, name, dark):
    scheme(opened, name)

    root = find(opened, "html")
    paper = brightness(root.value_of_css_property("background-color"))
    ink = brightness(root.value_of_css_property("color"))
    assert (paper < 60) == dark
    assert (ink > 200) == dark


def test_paper_is_white_and_shows_what_was_folded(opened):
    scheme(opened, "dark", media="print")
    opened.execute_script("dispatchEvent(new Event('beforeprint'))")

    root = find(opened, "html")
    assert brightness(root.value_of_css_property("background-color")) == 255
    folded = find_all(opened, "#missing details:not([open])")
    assert folded == []
    frame = find(opened, "#correlations .scroll")
    assert frame.value_of_css_property("max-height") == "none"


def test_nothing_is_asked_of_the_network(opened):
    entries = opened.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    assert [name for name in entries if not name.startswith("data:")] == []


def test_a_big_run_is_quick(browser, tmp_path):
    names = [f"metric_{i:03}" for i in range(100)]
    found = measurements(metrics=names, models=10, datasets=30)
    write_html(tmp_path / "page.html", summary(found))
    screen(browser, 1200)
    browser.get((tmp_path / "page.html").as_uri())

    took = browser.execute_script(
        "const start = performance.now();"
        "document.querySelectorAll('#correlations th button')[3].click();"
        "choose('metric_050', '');"
        "document.body.offsetHeight;"
        "return performance.now() - start"
    )
    assert len(find_all(browser, "#correlations tbody tr")) == 1100
    assert took < 3000
    assert browser.get_log("browser") == []
