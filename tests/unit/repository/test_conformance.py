# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of what the tests show of the engine's contract is complete and up to date."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import yaml

from ovirt_simulator.engine.restrictions import REAL

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "tests" / "simulator" / "CONFORMANCE.md"
ROWS = [*"abcd", "e1", "e2", "e3", "e4", *"fghijklmnopq"]


def test_the_table_is_what_the_markers_say() -> None:
    """`make conformance` writes it."""
    call = [sys.executable, str(ROOT / "tools" / "conformance.py"), "--print"]
    assert subprocess.run(call, check=True, capture_output=True, text=True).stdout == TABLE.read_text("utf-8")


def test_no_line_of_the_table_is_without_a_test() -> None:
    """A restriction, a pitfall or an address that nothing shows has an empty last column."""
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert [line for line in lines if line.endswith("|  |")] == []


def test_every_row_of_the_contract_is_a_switch_with_the_engines_own_setting() -> None:
    """The rows are those of the restriction table, and the defaults are what its column says."""
    rows = yaml.safe_load((ROOT / "tests" / "data" / "restrictions.yml").read_text("utf-8"))
    assert sorted({row["row"] for row in rows}) == sorted(ROWS)
    assert {row["switch"]: row["enforced"] for row in rows} == dataclasses.asdict(REAL)


def test_all_pitfalls_are_listed() -> None:
    """The contract numbers ten."""
    rows = yaml.safe_load((ROOT / "tests" / "data" / "pitfalls.yml").read_text("utf-8"))
    assert [row["number"] for row in rows] == list(range(1, 11))
