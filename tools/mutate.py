# SPDX-License-Identifier: GPL-3.0-or-later
"""Show that each backup restriction of the simulated engine is guarded by a test.

Every test of a restriction runs once with each switch flipped; then the tests of the flipped switch have to fail, and
no others.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "unit" / "simulator" / "restrictions"
ROWS = ROOT / "tests" / "data" / "restrictions.yml"


class Mutation:
    """Runs each test with one engine for each switch, and remembers which tests failed with which."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)
        self.failing: dict[str, set[str]] = defaultdict(set)
        self._about: dict[str, tuple[str, str]] = {}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give a test each engine in its turn."""
        from ovirt_simulator.engine.restrictions import REAL

        if metafunc.definition.get_closest_marker("restriction") is not None:
            values = dataclasses.asdict(REAL)
            flipped = [dataclasses.replace(REAL, **{switch: not value}) for switch, value in values.items()]
            metafunc.parametrize("restrictions", flipped, ids=list(values))

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note what each test is about."""
        for item in items:
            marker = item.get_closest_marker("restriction")
            if marker is not None and isinstance(item, pytest.Function):
                name, switch = item.originalname, item.callspec.id
                for about in marker.args:
                    self.tests[about].add(name)
                self._about[item.nodeid] = (name, switch)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note what failed."""
        if report.failed and report.nodeid in self._about:
            name, switch = self._about[report.nodeid]
            self.failing[switch].add(name)


class Quiet:
    """Leaves the failures, which are wanted, out of the output."""

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        """Show nothing of single tests."""
        return ("", "", "") if report.when == "call" or report.failed else None


def main() -> int:
    """Return 0 if each switch makes its own tests fail and no others."""
    mutation = Mutation()
    options = ["-q", "--no-header", "--no-summary", "--tb=no", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    code = pytest.main([*options, str(TESTS)], plugins=[mutation, Quiet()])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return int(code)
    rows = yaml.safe_load(ROWS.read_text(encoding="utf-8"))
    wrong = 0
    for row in rows:
        wanted, failing = mutation.tests[row["switch"]], mutation.failing[row["switch"]]
        verdict = "noticed" if wanted and wanted == failing else "NOT NOTICED" if not failing else "OTHER TESTS"
        wrong += verdict != "noticed"
        now = "allows" if row["enforced"] else "refuses"
        print(f"{row['row']:3} {row['switch']:20} {now:8} {verdict}: {', '.join(sorted(failing)) or 'nothing fails'}")
    print(f"{len(rows) - wrong} of {len(rows)} flipped switches were noticed by their own tests alone")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
