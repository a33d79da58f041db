# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a run's report in a real browser: what is read there, what it asks for, how it looks.

LIFEBOAT_SCREENSHOT names a file for a picture of the page.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ansible_collections.lifeboat.ovirt.plugins.module_utils.report.page import page as render
from ansible_collections.lifeboat.ovirt.plugins.module_utils.report.run import Run, read_phases
from sample_run import ENDED, HOSTILE, phases

CHROMIUM = shutil.which("chromium")
# As root there is no sandbox; the others keep the browser from talking to its maker.
SWITCHES = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SIZES = {"phone": (390, 844), "desk": (1100, 900)}
START = datetime(2031, 5, 4, 3, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "these tests need Debian's package chromium"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield found
        found.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = Run(
        procedure="failover",
        plan="shop",
        source="east",
        target="west",
        groups=("shop",),
        began=START,
        ended=ENDED,
        phases=read_phases(phases(), START),
        on_error="warn",
        rpo=95.0,
        started_by={"awx_user": HOSTILE},
        version="0.1.0",
    )
    path = tmp_path_factory.mktemp("report") / "run.html"
    path.write_text(render(run), encoding="utf-8")
    return path


@pytest.fixture(params=SIZES)
def opened(browser: Browser, report: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Page, list[str]]]:
    """Return the page in a window of each size, and the addresses that were asked for."""
    width, height = SIZES[request.param]
    window = browser.new_page(viewport={"width": width, "height": height})
    asked: list[str] = []
    window.on("request", lambda one: asked.append(one.url))
    window.goto(report.as_uri())
    yield window, asked
    window.close()


def test_the_figures_are_read_from_the_page(opened: tuple[Page, list[str]]) -> None:
    window, _asked = opened
    figures = {one.get_attribute("data-figure"): one.inner_text() for one in window.locator("[data-figure]").all()}
    assert {key: figures[key] for key in ("rto", "rpo", "succeeded", "failed")} == {
        "rto": "2 min 30 s",
        "rpo": "1 min 35 s",
        "succeeded": "5",
        "failed": "1",
    }
    assert figures["verdict"] is not None and figures["verdict"].lower() == "degraded"


def test_no_request_leaves_the_page(opened: tuple[Page, list[str]]) -> None:
    window, asked = opened
    window.wait_for_load_state("networkidle")
    assert asked == [window.url]


def test_a_hostile_name_is_text_and_runs_nothing(opened: tuple[Page, list[str]]) -> None:
    window, _asked = opened
    assert window.locator("script").count() == 0
    assert window.title() != "owned"
    assert window.locator("[data-table=failures] td").first.inner_text() == HOSTILE


def test_nothing_is_wider_than_the_window(opened: tuple[Page, list[str]]) -> None:
    window, _asked = opened
    assert window.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_every_bar_of_the_timeline_is_drawn(opened: tuple[Page, list[str]]) -> None:
    window, _asked = opened
    boxes = [one.bounding_box() for one in window.locator("svg rect").all()]
    assert len(boxes) == 6 and all(box is not None and box["width"] >= 1 for box in boxes)


def test_on_paper_all_results_are_open(browser: Browser, report: Path) -> None:
    window = browser.new_page()
    window.goto(report.as_uri())
    window.emulate_media(media="print")
    row = window.locator("[data-table=entities] tbody tr").first
    assert row.is_visible()
    window.close()


def test_the_screenshot_is_taken(browser: Browser, report: Path, tmp_path: Path) -> None:
    target = Path(os.environ.get("LIFEBOAT_SCREENSHOT") or tmp_path / "report.png")
    window = browser.new_page(viewport={"width": SIZES["desk"][0], "height": SIZES["desk"][1]})
    window.goto(report.as_uri())
    window.screenshot(path=target, full_page=True)
    window.close()
    assert target.read_bytes().startswith(b"\x89PNG")
