# SPDX-License-Identifier: GPL-3.0-or-later
"""The table from statements of the engine's contract to the tests that show them, made from the tests' markers."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
TABLE = ROOT / "tests" / "simulator" / "CONFORMANCE.md"
TESTS = ROOT / "tests" / "unit"
_HEAD = """# What of the engine's contract the tests show

Made by `make conformance` from the markers of the tests; a test holds it up to date.
"""

_LEFT_OUT = (
    "JSON bodies and answers: the SDK and the official collection speak XML only, so JSON gets 406 or 415.",
    "The parameter `ovf_as_ova`: a VM's configuration always comes in the OVF stores' own dialect.",
    "Groups of users, and permissions that an object inherits: neither is in an OVF document.",
    "Virtual TPMs, NVRAM, NUMA nodes and host devices of VMs: documents with them are read, without them.",
    "Bytes of images: only OVF stores and what was uploaded have any; a backup's increment is not computed.",
)


class Found:
    """Which tests name which statements and which switches."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)
        self.switches: dict[str, set[str]] = defaultdict(set)

    def read(self, path: Path) -> None:
        """Take in the markers of a file of tests."""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for marker, names in _markers(node):
                    known = self.tests if marker == "conforms" else self.switches
                    for name in names:
                        known[name].add(f"{path.relative_to(TESTS)} {node.name}")


def _markers(test: ast.FunctionDef) -> Iterator[tuple[str, list[str]]]:
    for decorator in test.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        name = call.func.attr if call is not None and isinstance(call.func, ast.Attribute) else ""
        if call is not None and name in ("conforms", "restriction"):
            yield name, [ast.literal_eval(argument) for argument in call.args]


def collect() -> Found:
    """Return what the tests' markers say."""
    found = Found()
    for path in sorted(TESTS.rglob("test_*.py")):
        found.read(path)
    return found


def rows_of(name: str) -> list[dict[str, Any]]:
    """Return one of the lists of statements."""
    rows: list[dict[str, Any]] = yaml.safe_load((DATA / f"{name}.yml").read_text(encoding="utf-8"))
    return rows


def table(found: Found) -> str:
    """Return the table as text."""
    sections = [_HEAD, _restrictions(found), _pitfalls(found), _endpoints(found), _others(found), _left_out()]
    return "\n".join(sections)


def _restrictions(found: Found) -> str:
    lines = ["## Restrictions of backup domains (storage 6.2)\n"]
    lines += ["| row | restriction | real engine | switch | tests |", "|---|---|---|---|---|"]
    for row in rows_of("restrictions"):
        answer = f"refuses, {row['status']}" if "status" in row else "refuses" if row["enforced"] else "allows"
        tests = _names(found.switches[row["switch"]])
        lines.append(f"| {row['row']} | {row['restriction']} | {answer} | `{row['switch']}` | {tests} |")
    return "\n".join(lines) + "\n"


def _pitfalls(found: Found) -> str:
    lines = ["## Pitfalls (workloads, appendix B)\n", "| | pitfall | tests |", "|---|---|---|"]
    for row in rows_of("pitfalls"):
        lines.append(f"| {row['number']} | {row['pitfall']} | {_names(found.tests[pitfall_key(row)])} |")
    return "\n".join(lines) + "\n"


def _endpoints(found: Found) -> str:
    lines = ["## Addresses (workloads 9.7)\n", "| address | methods | purpose | tests |", "|---|---|---|---|"]
    tests = _names(found.tests["workloads 9.7"])
    for row in rows_of("endpoints"):
        lines.append(f"| `{row['path']}` | {' '.join(row['methods'])} | {row['purpose']} | {tests} |")
    return "\n".join(lines) + "\n"


def _others(found: Found) -> str:
    listed = {pitfall_key(row) for row in rows_of("pitfalls")} | {"workloads 9.7"}
    lines = ["## Other statements\n", "| statement | tests |", "|---|---|"]
    lines += [f"| {one} | {_names(found.tests[one])} |" for one in sorted(set(found.tests) - listed)]
    return "\n".join(lines) + "\n"


def _left_out() -> str:
    return "\n".join(["## What the simulated engine does without\n", *(f"- {one}" for one in _LEFT_OUT)]) + "\n"


def pitfall_key(row: dict[str, Any]) -> str:
    """Return how a test's marker names a pitfall."""
    return f"workloads B.{row['number']}"


def _names(tests: set[str]) -> str:
    return "<br>".join(f"`{name}`" for name in sorted(tests))


def main() -> int:
    """Write the table, or with `--print` only show it."""
    text = table(collect())
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(text)
    else:
        TABLE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
