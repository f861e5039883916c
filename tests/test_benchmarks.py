"""The arithmetic of the benchmarks, and their report. `just bench` itself is no test."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from benchmarks import load, page, report
from benchmarks.programs import PRESETS, REFERENCE, Program
from benchmarks.samples import Sample, cost, middle, quantile
from benchmarks.start import Start
from benchmarks.works import WORKS, Work
from tests import questions

SAMPLES = [
    *(Sample("bare", "live", cpu) for cpu in (50, 40, 60)),
    *(Sample("full", "live", cpu, failed=1) for cpu in (90, 100, 80)),
    *(Sample("full@v1", "live", cpu) for cpu in (180, 160, 200)),
    *(Sample("full", "list", 1000, 2, 300, p50, 9 * p50) for p50 in (10, 30, 20)),
    Sample("full@v1", "list", 1010),
]


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [
        ([3], 0.2, 3),
        ([1, 2], 0.5, 1.5),
        ([5, 1, 3], 0, 1),
        ([5, 1, 3], 1, 5),
        ([4, 2, 0], 0.2, 0.8),
    ],
)
def test_a_quantile_lies_between_the_values(
    values: list[float], share: float, found: float
) -> None:
    assert quantile(values, share) == pytest.approx(found)


def test_there_is_no_quantile_of_nothing() -> None:
    with pytest.raises(ValueError, match="no values"):
        quantile([])


def test_a_cost_is_that_of_one_program_and_one_request() -> None:
    assert cost(SAMPLES, "bare", "live") == pytest.approx(44)
    assert cost(SAMPLES, "full", "live") == pytest.approx(84)
    assert cost(SAMPLES, "bare", "list") is None


def test_other_numbers_are_medians_of_what_was_measured() -> None:
    assert middle(SAMPLES, "full", "list", "p99_ms") == 180
    assert middle(SAMPLES, "bare", "live", "p99_ms") is None


def test_the_table_compares_with_the_reference() -> None:
    lines = report.table(SAMPLES).splitlines()

    assert lines[2] == "| live | bare | 44 | 1.00 |  |  |  |  | 0 |"
    assert lines[3] == "| live | full | 84 | 1.91 |  |  |  |  | 3 |"
    assert lines[5] == "| list | full | 1000 |  | 2.0 | 300 | 20.0 | 180.0 | 0 |"
    assert {line.count("|") for line in lines} == {10}


def test_the_comparison_names_what_is_within_the_noise() -> None:
    lines = report.comparison(SAMPLES, "v1").splitlines()

    assert lines[2:] == [
        "| live | full | 168 | 84 | 0.50 |",
        "| list | full | 1010 | 1000 | 0.99 (same) |",
    ]


def test_the_table_of_starts_has_the_ratio() -> None:
    text = report.starts([Start("full", 1.5, 1.0)], {"full": 110.4})

    assert text.splitlines()[-1] == "| full | 1.50 | 1.00 | 1.50 | 110 |"


def test_the_picture_is_svg_with_a_bar_for_each_cost() -> None:
    svg = ElementTree.fromstring(report.picture(SAMPLES))  # noqa: S314  (our own)

    bars = svg.findall("{http://www.w3.org/2000/svg}rect")
    assert len(bars) == 5
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert widths[2] == max(widths)
    assert widths[0] == pytest.approx(widths[2] * 44 / 168, abs=0.1)


def test_every_request_has_a_reference_that_answers_it() -> None:
    sources = {name: (REFERENCE / f"{name}.py").read_text() for name in ("bare", "orm")}

    for work in WORKS.values():
        path, _, _ = work.path.partition("?")
        assert f'app.{work.method.lower()}("{path}"' in sources[report.REFERENCES[work.name]]


def test_the_presets_are_measured() -> None:
    assert {*PRESETS, "custom"} == {*questions.questions()["preset"]["choices"].values()}


def test_a_program_of_a_ref_has_its_own_database(tmp_path: Path) -> None:
    names = ("full", "full@main", "full@feature/x")
    made = [Program(name, "app.main:app", tmp_path, tmp_path, ()) for name in names]

    assert len({program.database for program in made}) == 3
    assert all(program.database.replace("_", "").isalnum() for program in made)


def test_the_script_of_wrk_is_complete() -> None:
    work = Work("create", "/items", "POST", WORKS["create"].body)
    script = load.LUA % {
        "method": work.method,
        "authorization": 'wrk.headers["Authorization"] = "Bearer x"',
        "body": work.body,
        "prefix": "p",
    }

    assert "%(" not in script
    assert 'wrk.method = "POST"' in script
    assert json.loads(work.body)["name"] == "UNIQUE"


def test_the_time_of_a_process_has_that_of_its_children() -> None:
    def process(own: float, ended: float, *children: SimpleNamespace) -> SimpleNamespace:
        times = SimpleNamespace(user=own, system=own, children_user=ended, children_system=0)
        return SimpleNamespace(
            cpu_times=lambda: times, children=lambda recursive: list(children if recursive else ())
        )

    parent = process(1, 5, process(2, 0), process(3, 0.5))

    assert load.cpu_seconds(parent) == 17.5  # ty: ignore[invalid-argument-type]


def test_the_page_gets_the_numbers_and_keeps_its_text() -> None:
    before = f"# Title\n\n{page.BEGIN}old\n{page.END}\nThe end.\n"

    once = page.with_numbers(before, "Today.", "| a |\n| --- |\n")
    twice = page.with_numbers(once, "Today.", "| a |\n| --- |\n")

    assert once == twice
    assert once.startswith("# Title\n")
    assert once.endswith("\nThe end.\n")
    assert "old" not in once
    assert "\nToday.\n" in once
    assert f"]({page.PICTURE})" in once


def test_a_page_without_a_place_for_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="has no lines"):
        page.with_numbers("# Title\n", "Today.", "| a |\n")


def test_the_real_page_has_its_place_once_and_the_conditions_are_named(tmp_path: Path) -> None:
    arguments = SimpleNamespace(in_process=False, seconds=3, rounds=5)
    said = page.conditions(arguments, datetime(2030, 1, 31, tzinfo=UTC))  # ty: ignore[invalid-argument-type]

    assert page.PAGE.read_text().count(page.BEGIN) == 1
    assert said.startswith("2030-01-31, ")
    assert "rounds: 5; over HTTP, 3 s of load" in said
    assert page.processor(tmp_path / "missing")
