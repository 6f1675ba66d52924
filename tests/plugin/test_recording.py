"""What a test records, what becomes of a broken one, and that labels stay unseen."""

import json

import pytest


def measurements(toy, *arguments):
    """The measurements of a run, as the JSON report holds them."""
    path = toy.path / "report.json"
    toy.runpytest_inprocess(f"--harness-report-json={path}", *arguments)
    return json.loads(path.read_text())["measurements"]


def test_three_lines_make_a_metric(toy):
    """A name and a value are enough for a row in the report with its correlation."""
    toy.makepyfile(
        test_mine="""
        def test_margin(predictions, record):
            top = predictions.probs()
            top.sort(axis=1)
            record("margin", (top[:, -1] - top[:, -2]).mean())
        """
    )

    result = toy.runpytest_inprocess("test_mine.py")

    result.assert_outcomes(passed=14)
    result.stdout.fnmatch_lines(
        ["margin*", "*sharp * 4 *", "*soft * 4 *", "*all * 8 *"]
    )


def test_accuracy_comes_along_whatever_is_selected(toy):
    """Every labelled measurement carries it; nobody asked for an accuracy test."""
    rows = measurements(toy, "-k", "nuclear")

    assert len(rows) == 14
    assert all(0 < row["accuracy"] <= 1 for row in rows)


def test_metrics_cannot_see_labels(toy):
    """Shuffled labels change every accuracy and no metric."""
    before = measurements(toy)
    conftest = toy.path / "conftest.py"
    text = conftest.read_text()
    shuffled = text.replace(
        "astype(np.uint8), labels", "astype(np.uint8), (labels + 1) % 3"
    )
    assert shuffled != text
    conftest.write_text(shuffled)

    after = measurements(toy, "--harness-recalculate")

    assert [row["value"] for row in before] == [row["value"] for row in after]
    for row, other in zip(before, after, strict=True):
        assert row["accuracy"] != other["accuracy"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("record('broken', float('nan'))", "*broken*nan*"),
        (
            "record('vast', 10**400)",
            "*vast must return a finite number*beyond*",
        ),
        ("record(nuclear_norm, 9 * predictions.probs())", "*sum to 1*"),
        ("raise RuntimeError('no such luck')", "*no such luck*"),
        ("record('twice', 1.0); record('twice', 2.0)", "*'twice' was recorded twice*"),
        ("record('text', 'high')", "*text must return a number, got 'high'*"),
    ],
)
def test_a_broken_metric_fails_its_own_cell_only(toy, body, reason):
    """The other tests of the pair pass, and the report names what is missing."""
    toy.makepyfile(
        test_broken=f"""
        from harness.metrics.label_free.nuclear_norm import nuclear_norm
        def test_broken(predictions, record):
            {body}
        """
    )

    result = toy.runpytest_inprocess("--harness-models=sharp", "--harness-families=in0")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [f"without a value: test_broken [[]sharp-in0[]]: {reason}"]
    )


def test_a_network_that_always_says_nan_is_refused_at_once(toy):
    conftest = toy.path / "conftest.py"
    conftest.write_text(
        conftest.read_text().replace('("soft", 2.0)', '("soft", float("nan"))')
    )

    result = toy.runpytest_inprocess("--harness-families=in0")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*model soft must return finite*check its weights*"])


def test_a_network_that_says_nan_is_named(toy):
    """The message has the model, the dataset and the number of images."""
    conftest = toy.path / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
inner = network
def network(sharpness):
    made = inner(sharpness)
    if sharpness == 2:  # not yet on the few images of the dry run
        made.register_forward_hook(
            lambda _layer, _inputs, logits: logits * (1 if len(logits) < 20 else np.nan)
        )
    return made
"""
    )

    result = toy.runpytest_inprocess("--harness-families=in0")

    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(
        ["*logits of model soft on in0*60 of 60 images have nan*"]
    )


def test_a_test_may_skip_a_cell_and_say_why(toy):
    """The reason is in the report; it is no failure."""
    toy.makepyfile(
        test_skip="""
        import pytest
        def test_skipped(dataset, record):
            pytest.skip("needs colour")
        """
    )

    result = toy.runpytest_inprocess("test_skip.py")

    result.assert_outcomes(skipped=14)
    result.stdout.fnmatch_lines(
        ["skipped: test_skipped [[]*and 11 more[]]: needs colour"]
    )


def test_a_set_without_labels_is_a_target(toy):
    """It is measured, carries no accuracy and enters no fit."""
    with (toy.path / "conftest.py").open("a") as conftest:
        conftest.write(
            """
inner = pytest_harness_register
def pytest_harness_register(registry):
    inner(registry)
    registry.add_dataset(
        "camera", base="toy", load=lambda: images(30)[0], domain="target"
    )
"""
        )

    rows = measurements(toy, "--harness-families=in*,camera", "-k", "nuclear")

    targets = [row for row in rows if row["domain"] == "target"]
    assert len(targets) == 2
    assert all(row["accuracy"] is None for row in targets)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            "images(30)[0] / 255, images(30)[1]",
            "*must be uint8 in 0..255, got float64*",
        ),
        ("images(30)[0][:, :2], images(30)[1]", "*must have shape (n, 4, 4, 1)*"),
        (
            "images(30)[0], images(30)[1] + 1",
            "*labels of odd must be in 0..2, got 1..3*",
        ),
        ("images(30)[0], images(30)[1][:-1]", "*must be 60 whole numbers*(59,)*"),
        ("images(30)[0]", "*odd is in the exterior domain and must have labels*"),
    ],
)
def test_bad_images_are_refused_with_what_was_expected(toy, made, message):
    """The dataset is named; other datasets are measured all the same."""
    with (toy.path / "conftest.py").open("a") as conftest:
        conftest.write(
            f"""
inner = pytest_harness_register
def pytest_harness_register(registry):
    inner(registry)
    registry.add_dataset("odd", base="toy", load=lambda: ({made}))
"""
        )

    result = toy.runpytest_inprocess(
        "--harness-families=in0,odd", "--harness-models=soft", "-k", "nuclear"
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([message])


def test_ordinary_tests_beside_the_cells_are_not_reported_as_lost(toy):
    """A failure of somebody's unit test is pytest's to show, not a missing value."""
    toy.makepyfile(
        test_unit="""
        import pytest
        def test_fails():
            assert False
        def test_skips():
            pytest.skip("not today")
        """
    )

    result = toy.runpytest_inprocess()

    result.assert_outcomes(passed=28, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["cells: 28 measured"])
    result.stdout.no_fnmatch_line("*without a value*")
    result.stdout.no_fnmatch_line("skipped: *")
