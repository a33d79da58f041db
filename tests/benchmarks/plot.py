# SPDX-License-Identifier: GPL-3.0-or-later
"""A plot of a few lines on two logarithmic axes, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 20, 50
_COLOURS = ("#c2410c", "#1d4ed8", "#15803d")
_STEPS = (1, 2, 5)


class _Axis:
    """One axis: from a decade's step below the smallest value to one above the biggest."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        steps = [step * 10.0**power for power in range(-3, 7) for step in _STEPS]
        low = max((one for one in steps if one <= min(values)), default=steps[0])
        high = min((one for one in steps if one >= max(values)), default=steps[-1])
        self.ticks = [one for one in steps if low <= one <= high]
        self._from, self._over = math.log(low), (math.log(high) - math.log(low)) or 1.0
        self._begin, self._end = begin, end

    def at(self, value: float) -> float:
        """Return where a value lies."""
        return self._begin + (math.log(value) - self._from) / self._over * (self._end - self._begin)


def svg(lines: Mapping[str, Points], across: str, up: str) -> str:
    """Return a plot of named lines; every line has a point."""
    return "\n".join(_svg(lines, across, up)) + "\n"


def _svg(lines: Mapping[str, Points], across: str, up: str) -> Iterator[str]:
    x = _Axis([one for points in lines.values() for one, _unused in points], _LEFT, _WIDTH - _RIGHT)
    y = _Axis([one for points in lines.values() for _unused, one in points], _HEIGHT - _BOTTOM, _TOP)
    view = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {view}>'
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
    for tick in x.ticks:
        yield _rule(x.at(tick), _TOP, x.at(tick), _HEIGHT - _BOTTOM)
        yield f'<text x="{x.at(tick):.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{tick:,g}</text>'
    for tick in y.ticks:
        yield _rule(_LEFT, y.at(tick), _WIDTH - _RIGHT, y.at(tick))
        yield f'<text x="{_LEFT - 6}" y="{y.at(tick) + 4:.1f}" text-anchor="end">{tick:,g}</text>'
    yield f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 12}" text-anchor="middle">{across}</text>'
    yield f'<text transform="translate(16 {_HEIGHT / 2}) rotate(-90)" text-anchor="middle">{up}</text>'
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [(x.at(one), y.at(other)) for one, other in points]
        path = " ".join(f"{one:.1f},{other:.1f}" for one, other in places)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{one:.1f}" cy="{other:.1f}" r="3.5" fill="{colour}"/>' for one, other in places)
        yield f'<text x="{_LEFT + 10}" y="{_TOP + 16 + 16 * number}" fill="{colour}" font-weight="bold">{name}</text>'
    yield "</svg>"


def _rule(left: float, top: float, right: float, bottom: float) -> str:
    return f'<line x1="{left:.1f}" y1="{top:.1f}" x2="{right:.1f}" y2="{bottom:.1f}" stroke="#e5e5e5"/>'
