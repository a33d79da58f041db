# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on preflight names every kind of finding that there is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
MODULE_UTILS = TOP / "plugins" / "module_utils"


def texts_first_in(file: Path, name: str) -> Iterator[str]:
    """Yield the first text in each call of a name, and in each tuple that is yielded."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        first = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            first = node.args[0]
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            first = node.value.elts[0]
        if isinstance(first, ast.Constant):
            yield str(first.value)


def test_the_page_names_every_kind() -> None:
    kinds = {kind for file in (MODULE_UTILS / "preflight").glob("*.py") for kind in texts_first_in(file, "Finding")}
    # Of documents that are read or put together, none is lacking.
    reasons = set(texts_first_in(MODULE_UTILS / "needs" / "checks.py", "Reason")) - {"unreadable", "no_document"}
    told = set(re.findall(r"`([a-z_]+)`", (TOP / "docs" / "preflight.md").read_text(encoding="utf-8")))
    assert len(kinds) > 40 and len(reasons) > 15
    assert (kinds | reasons) - told == set()
