# SPDX-License-Identifier: GPL-3.0-or-later
"""The timeline of a run as a drawing: a bar for each phase, and below for each VM whose times are known. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log10
from xml.etree.ElementTree import Element

from .elements import element
from .run import Run

MOST_ROWS = 120
_WIDTH, _LABEL, _ROW, _TOP = 960, 230, 20, 26
_LONGEST_LABEL = 30


@dataclass(frozen=True)
class Bar:
    """One row; begin and end are seconds since the run began."""

    label: str
    kind: str
    outcome: str
    begin: float
    end: float


def bars(run: Run) -> list[Bar]:
    """Return the rows of the chart: the phases, then what has times of its own by its beginning."""

    def since(time: datetime) -> float:
        return max(0.0, (time - run.began).total_seconds())

    phases = [
        Bar(phase.name, "phase", phase.outcome, since(phase.began), since(phase.began) + phase.seconds)
        for phase in run.phases
        if phase.began is not None
    ]
    timed = [
        Bar(line.name or line.id or "", "entity", line.outcome, since(line.began), since(line.ended))
        for line in run.entities
        if line.began is not None and line.ended is not None
    ]
    return phases + sorted(timed, key=lambda row: (row.begin, row.label))


def draw(run: Run) -> Element | None:
    """Return the chart as SVG with a note of what was left out; None for a run without times."""
    rows = bars(run)
    if not rows:
        return None
    shown = rows[:MOST_ROWS]
    longest = max((row.end for row in rows), default=0.0) or 1.0
    height = _TOP + _ROW * len(shown)
    svg = element(
        "svg",
        element("title", "Timeline"),
        *_grid(longest, height),
        *(one for number, row in enumerate(shown) for one in _row(number, row, longest)),
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        class_="timeline",
    )
    left_out = len(rows) - len(shown)
    note = element("p", f"{left_out} more are not drawn; the tables have all.", class_="note") if left_out else None
    return element("figure", svg, note)


def _x(seconds: float, longest: float) -> float:
    return _LABEL + (_WIDTH - _LABEL - 60) * seconds / longest


def _grid(longest: float, height: int) -> Sequence[Element]:
    """Return vertical lines at round seconds."""
    step = 10 ** ceil(log10(longest / 10)) if longest > 0 else 1
    step = step / 2 if longest / step < 4 else step
    found: list[Element] = []
    for number in range(int(longest / step) + 1):
        at = f"{_x(number * step, longest):.1f}"
        found.append(element("line", x1=at, x2=at, y1=str(_TOP - 6), y2=str(height), class_="grid"))
        found.append(element("text", f"{number * step:g} s", x=at, y="14", class_="tick"))
    return found


def _row(number: int, shown: Bar, longest: float) -> Sequence[Element]:
    top = _TOP + number * _ROW
    left = _x(shown.begin, longest)
    width = max(2.0, _x(shown.end, longest) - left)
    label = shown.label if len(shown.label) <= _LONGEST_LABEL else shown.label[: _LONGEST_LABEL - 1] + "…"
    seconds = f"{shown.end - shown.begin:.1f} s"
    hint = element("title", f"{shown.label}: {shown.outcome}, {seconds}")
    shape = element(
        "rect",
        hint,
        x=f"{left:.1f}",
        y=str(top + 3),
        width=f"{width:.1f}",
        height=str(_ROW - 6),
        class_=f"bar {shown.kind} {shown.outcome}",
    )
    return (
        element("text", label, x="4", y=str(top + 14), class_=shown.kind),
        shape,
        element("text", seconds, x=f"{left + width + 4:.1f}", y=str(top + 14), class_="tick"),
    )
