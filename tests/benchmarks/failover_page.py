# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/benchmarks.md: the figures of failovers as tables, judged by the targets, and a plot."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from figures import Figures

OFFICIAL, COLLECTION, SCRIPT = "official role", "collection", "bare script"
PLOT = "benchmarks.svg"
_AIM = 50

_HEAD = """\
# Benchmarks

Written by `make benchmark`. It loses a generated site, and lets two contenders recover it in turn, each from the same
state: the official disaster recovery role (`ansible` 12.3.0, unmodified, in a virtual environment of its own), and
this collection's role `failover`. Both work on the same simulated engine, which is a process of its own. The time is
that of `ansible-playbook` from its beginning to its end. Then every VM is registered, and the engine has accepted its
start; nobody waits for a guest. The collection does more on the way: it makes certain that the lost site does not
write any more, brings domains in as backup domains first, audits the flags, and writes a report.

Machine: 2 cores, 24 GiB, for contender and engine together. *Load* is how many processes wanted a core, over the last
minute of a run. Where it is above 2, others worked on the machine, everything took longer than it has to, and only
figures of the same minutes can be held against each other.
"""
_COMPARED = """\

## Against the official role

Every request takes 20 ms on its way, and an operation of the engine no more time than its simulation needs (profile
`latency`). 4 storage domains. The bare script sends only what nobody can do without, 10 requests side by side, and so
shows how fast anybody could be on this simulated engine.
"""
_ALONE = """\

## Against the limit

Operations take what they take on an engine (profile `realistic`: 1.2 s to register a VM, 0.3 s to start it, 11 s for
a storage domain). 10 requests side by side, 4 storage domains. The bare script sends only what nobody can do without:
logins to the storage, imports, registrations and starts. It judges nothing, and could not be run again after a
failure.
"""
_NOTES = """\

*CPU* is the processor time of the contender, *engine CPU* that of the simulated engine. *MB* are the bodies of
requests and answers. *Memory* is that of the biggest process. *Tasks* are those that Ansible began.
*At* is when a run began. Rows that do not follow each other closely are of different runs (`--keep`), under different
load, and a ratio of them is a hint and no more.
"""


@dataclass(frozen=True)
class Target:
    """What is aimed at, and what came out; good is None where it was not measured."""

    text: str
    came_out: str
    good: bool | None


@dataclass(frozen=True)
class Results:
    """All figures there are."""

    figures: Sequence[Figures]

    def get(self, name: str, vms: int, profile: str) -> Figures | None:
        """Return those of one run."""
        found = [one for one in self.figures if (one.name, one.vms, one.profile) == (name, vms, profile)]
        return found[0] if found else None

    def of(self, profile: str) -> list[Figures]:
        """Return those of a profile, by size and then by name."""
        return sorted((one for one in self.figures if one.profile == profile), key=lambda one: (one.vms, one.name))

    def targets(self) -> list[Target]:
        """Return what is aimed at with what came out."""
        return [
            self._ratio(f"200 VMs: {_AIM} x as fast as the official role", (OFFICIAL, COLLECTION), 200, _seconds, _AIM),
            self._ratio("200 VMs: a fifth of its requests", (OFFICIAL, COLLECTION), 200, _requests, 5),
            self._ratio("1,000 VMs: 1.3 x the time of the bare script", (COLLECTION, SCRIPT), 1000, _seconds, -1.3),
            self._a_vm("1,000 VMs: 2.5 requests a VM", 1000, 2.5),
            self._completes("10,000 VMs: recovered to the last one", 10_000),
            self._growth("the time grows no faster than the VMs", _seconds),
            self._growth("the memory grows no faster than the VMs", lambda one: one.memory or 0.0),
        ]

    def _ratio(
        self, text: str, names: tuple[str, str], vms: int, of: Callable[[Figures], float], limit: float
    ) -> Target:
        """Hold one against the other; a negative limit is the most that is allowed, another one the least."""
        profile = "latency" if OFFICIAL in names else "realistic"
        over, under = (self.get(name, vms, profile) for name in names)
        if over is None or under is None:
            return Target(text, "not measured", None)
        ratio = of(over) / of(under)
        return Target(text, f"{ratio:.2f}", ratio >= limit if limit > 0 else ratio <= -limit)

    def _a_vm(self, text: str, vms: int, limit: float) -> Target:
        found = self.get(COLLECTION, vms, "realistic")
        if found is None:
            return Target(text, "not measured", None)
        each = found.requests / vms
        return Target(text, f"{each:.2f}", each <= limit)

    def _completes(self, text: str, vms: int) -> Target:
        found = self.get(COLLECTION, vms, "realistic")
        return Target(text, "yes" if found else "not measured", True if found else None)

    def _growth(self, text: str, of: Callable[[Figures], float]) -> Target:
        sizes = [one for one in self.of("realistic") if one.name == COLLECTION]
        if len(sizes) < 2:
            return Target(text, "not measured", None)
        small, big = sizes[0], sizes[-1]
        growth, more = of(big) / of(small), big.vms / small.vms
        return Target(f"{text}, from {small.vms:,} to {big.vms:,}", f"{growth:.2f} for {more:g} x", growth <= more)


def page(results: Results) -> str:
    """Return the page in Markdown."""
    return "\n".join(_page(results))


def _page(results: Results) -> Iterator[str]:
    yield _HEAD
    yield from _table(("aim", "came out", ""), [(one.text, one.came_out, _word(one)) for one in results.targets()])
    yield _COMPARED
    yield f"![Time of a failover by the number of VMs]({PLOT})\n"
    yield from _figures(results.of("latency"))
    yield ""
    yield from _table(("VMs", "time", "requests", "tasks", "bytes", "memory"), list(_ratios(results)))
    yield "\nEach figure of the official role divided by that of the collection."
    yield from _growths(results)
    yield from _bound(results)
    yield _ALONE
    yield from _figures(results.of("realistic"))
    yield _NOTES
    yield "## Where the time goes\n"
    for one in results.figures:
        if one.name == COLLECTION and (one.vms, one.profile) in ((200, "latency"), (1000, "realistic")):
            yield from _steps(one)


def _figures(figures: Sequence[Figures]) -> Iterator[str]:
    head = ("VMs", "who", "time", "requests", "tasks", "MB", "memory", "CPU", "engine CPU", "load", "at")
    yield from _table(head, [_row(one) for one in figures])


def _row(one: Figures) -> tuple[str, ...]:
    return (
        f"{one.vms:,}",
        one.name,
        f"{one.seconds:.1f} s",
        f"{one.requests:,}",
        "-" if one.tasks is None else f"{one.tasks:,}",
        f"{one.bytes / 1e6:.1f}",
        "-" if one.memory is None else f"{one.memory:.0f} MiB",
        f"{one.cpu:.1f} s",
        f"{one.simulated:.1f} s",
        f"{one.load:.1f}",
        one.at.replace("+00:00", "Z"),
    )


def _ratios(results: Results) -> Iterator[tuple[str, ...]]:
    for ours in results.of("latency"):
        theirs = results.get(OFFICIAL, ours.vms, "latency")
        if ours.name == COLLECTION and theirs is not None:
            pairs = [(_seconds(theirs), _seconds(ours)), (_requests(theirs), _requests(ours))]
            pairs += [(theirs.tasks or 0, ours.tasks or 1), (theirs.bytes, ours.bytes)]
            pairs.append((theirs.memory or 0, ours.memory or 1))
            yield (f"{ours.vms:,}", *(f"{over / under:.1f}" for over, under in pairs))


def _growths(results: Results) -> Iterator[str]:
    for name in (OFFICIAL, COLLECTION):
        found = [one for one in results.of("latency") if one.name == name]
        if len(found) > 1:
            first, last = found[0], found[-1]
            each = (last.seconds - first.seconds) / (last.vms - first.vms)
            yield f"\nGrowth of the {name}: {each:.2f} s for each further VM, from {first.vms} to {last.vms}."


def _bound(results: Results) -> Iterator[str]:
    """Say how far the simulated engine lets anybody come."""
    theirs, ours, bare = (results.get(name, 200, "latency") for name in (OFFICIAL, COLLECTION, SCRIPT))
    if theirs is None or ours is None or bare is None:
        return
    limit, ratio = theirs.seconds / bare.seconds, ours.seconds / bare.seconds
    share = 1000 * bare.simulated / bare.requests
    text = (
        f"With 200 VMs even the bare script is {limit:.1f} x as fast as the official role, and no more: the simulated"
        f" engine needs {share:.0f} ms of processor time for a request on average, one request after the other. The"
        f" collection takes {ratio:.1f} x the time of the bare script. Of processor time it needs {ours.cpu:.1f} s,"
        " most of them for Ansible and the start of modules, which do not grow with the VMs."
    )
    yield "\n" + textwrap.fill(text, 118)
    few = results.get(COLLECTION, 20, "latency")
    if few is not None:
        begun = few.seconds - few.simulated
        text = (
            f"{_AIM} x would be {theirs.seconds / _AIM:.1f} s. With 20 VMs the collection takes {few.seconds:.1f} s"
            f" already, and the engine has {few.simulated:.1f} s of them: in the other {begun:.1f} s Ansible begins,"
            " starts a Python process for each module, and has it log in and read the site. An engine that answered at"
            " once would not bring them down."
        )
        yield "\n" + textwrap.fill(text, 118)


def _steps(figures: Figures) -> Iterator[str]:
    yield (
        f"The collection with {figures.vms:,} VMs, profile `{figures.profile}`: {figures.seconds:.1f} s, in which the\n"
        f"simulated engine had {figures.simulated:.1f} s of processor time.\n"
    )
    slowest = sorted(figures.steps.items(), key=lambda step: -step[1])[:8]
    yield from _table(("task", "time"), [(name.rpartition(" : ")[2], f"{took:.1f} s") for name, took in slowest])
    yield ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _unused in head)} |"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _word(target: Target) -> str:
    return {True: "reached", False: "missed", None: ""}[target.good]


def _seconds(one: Figures) -> float:
    return one.seconds


def _requests(one: Figures) -> float:
    return one.requests
