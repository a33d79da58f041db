# SPDX-License-Identifier: GPL-3.0-or-later
"""An operation with one of its requests disturbed, and run again: it has to end where an undisturbed one ends.

A test gives an operation, which plays modules, and a world, which is where it starts; see CONTRIBUTING.md.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import end_state

from ovirt_simulator.site import Sites, Snapshot, simulated_sites
from simulated_world import Clock

Fault = Literal["status", "reset_before", "reset_after", "hang"]
FAULTS: tuple[Fault, ...] = get_args(Fault)

Auth = Mapping[str, dict[str, Any]]
# Plays modules with the option `auth` of each site; returns the result that counts.
Operation = Callable[[Auth], dict[str, Any]]

# Seconds until a client gives up a request that hangs. It is the least that the SDK can tell libcurl.
_PATIENCE = 1
_ID = re.compile(r"/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=/|$)")


@dataclass(frozen=True)
class World:
    """Where an operation starts, and the clock of everybody in it."""

    start: Snapshot
    clock: Clock

    @contextmanager
    def sites(self) -> Iterator[Sites]:
        """Start all sites anew from the same state."""
        with simulated_sites(self.start, clock=self.clock, sleep=self.clock.sleep) as sites:
            yield sites


@dataclass(frozen=True)
class Disturbance:
    """What happens to a request: the at-th with the method and path, in which every identifier is a placeholder."""

    site: str
    method: str
    path: str
    at: int
    fault: Fault

    def __str__(self) -> str:
        return f"{self.fault} at {self.method} {self.path} (no. {self.at}) of {self.site}"


@dataclass(frozen=True)
class Ending:
    """What a run has left, the requests that it took, by site, method and path, and the identifiers before it."""

    rows: list[str]
    requests: list[tuple[str, str, str]]
    known: frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """Whether a disturbance met a request, and what is wrong afterwards."""

    met: bool
    wrong: str | None


def every_position(operation: Operation, world: World, faults: Sequence[Fault] = FAULTS) -> list[Disturbance]:
    """Return every fault at every request that the operation sends when nothing disturbs it."""
    return _positions(undisturbed(operation, world), faults)


def undisturbed(operation: Operation, world: World) -> Ending:
    """Return how the operation ends; it has to work, and to change nothing when it is run again."""
    with world.sites() as sites:
        known = end_state.made(end_state.rows(sites))
        first = operation(_auth(sites))
        assert not first.get("failed"), f"the operation fails undisturbed: {first}"
        requests = [
            (name, entry.method, _ID.sub("/{id}", entry.path))
            for name, site in sites.items()
            for entry in site.requests
        ]
        again = operation(_auth(sites))
        assert not again.get("failed") and not again["changed"], f"the second run is none of nothing: {again}"
        return Ending(end_state.rows(sites), requests, known)


def withstands(
    operation: Operation, world: World, faults: Sequence[Fault] = FAULTS, sample: int | None = None, seed: int = 0
) -> None:
    """Disturb the operation at every position, or at a sample of them, and see that running it again is enough.

    AssertionError tells every disturbance after which it was not, and how the end differs.
    """
    calm = undisturbed(operation, world)
    chosen = _positions(calm, faults)
    if sample is not None:
        chosen = random.Random(seed).sample(chosen, min(sample, len(chosen)))
    verdicts = [_disturbed(operation, world, one, calm) for one in chosen]
    # What polls, or is slowed down by others on this machine, does not always send the same requests, but nearly.
    unmet = [one for one in verdicts if not one.met]
    assert len(unmet) <= max(1, len(chosen) // 5), f"{len(unmet)} of {len(chosen)} requests were not sent again"
    broken = [one.wrong for one in verdicts if one.wrong]
    report = "\n\n".join(broken)
    assert not broken, f"{len(broken)} of {len(chosen)} disturbances (seed {seed}) were not made good:\n\n{report}"


def _positions(calm: Ending, faults: Sequence[Fault]) -> list[Disturbance]:
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for request in calm.requests:
        seen[request] += 1
        found += [Disturbance(*request, seen[request], fault) for fault in faults]
    return found


def _disturbed(operation: Operation, world: World, one: Disturbance, calm: Ending) -> Verdict:
    """Return what came of a disturbance and a second run."""
    with world.sites() as sites:
        mishaps = sites[one.site].mishaps
        rule = mishaps.add(one.method, one.path, one.fault, at=one.at, status=500)
        try:
            first = operation(_auth(sites, **({"timeout": _PATIENCE} if one.fault == "hang" else {})))
        except Exception as exc:
            exc.add_note(f"while disturbed by {one}")
            raise
        mishaps.clear()
        again = operation(_auth(sites))
        wrong = (
            _unclear(first)
            or _fails(first, again)
            or end_state.difference(calm.rows, end_state.rows(sites), calm.known)
        )
        return Verdict(rule.seen >= rule.at, wrong and f"{one}:\n{wrong}")


def _auth(sites: Sites, **changes: Any) -> Auth:
    return {name: {**site.auth, **changes} for name, site in sites.items()}


def _unclear(result: Mapping[str, Any]) -> str | None:
    if not result.get("failed") or all(result.get(key) for key in ("msg", "error_kind", "remedy")):
        return None
    return f"the disturbed run fails without error_kind or remedy: {result}"


def _fails(first: Mapping[str, Any], again: Mapping[str, Any]) -> str | None:
    return (
        f"the second run fails: {again}\nthe disturbed one: {first.get('msg', 'works')}" if "failed" in again else None
    )
