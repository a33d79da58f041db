# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole failover, by the official role and by this collection; then by this collection alone, against the limit.

Every measurement is kept in build/benchmark/figures.json as soon as it is there, and docs/benchmarks.md is written from
all that are kept. A run without options measures everything anew.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import contenders
from failover_page import COLLECTION, OFFICIAL, PLOT, SCRIPT, Results, page
from figures import Figures
from lost_site import LEFT, LOST, Load, lose
from measuring import simulator
from plot import svg

_ROOT = Path(__file__).resolve().parents[2]
_KEPT = _ROOT / "build" / "benchmark"
_DOCS = _ROOT / "docs"
_CONTENDERS = {OFFICIAL: contenders.official, COLLECTION: contenders.collection, SCRIPT: contenders.script}
_DOMAINS = 4


def main() -> int:
    """Measure, print each figure, and write the page; return 0 if no aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compared", type=int, nargs="*", default=[20, 60, 200], help="VMs; default: %(default)s")
    parser.add_argument("--alone", type=int, nargs="*", default=[1000, 10_000], help="VMs; default: %(default)s")
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--keep", action="store_true", help="keep what was measured of other sizes before")
    chosen = parser.parse_args()
    if not chosen.keep:
        shutil.rmtree(_KEPT, ignore_errors=True)
    _KEPT.mkdir(parents=True, exist_ok=True)
    for vms in chosen.compared:
        run(Load(vms, _DOMAINS), "latency", [OFFICIAL, COLLECTION, SCRIPT], chosen.concurrency)
    for vms in chosen.alone:
        run(Load(vms, _DOMAINS), "realistic", [SCRIPT, COLLECTION], chosen.concurrency)
    results = Results([Figures(**json.loads(file.read_text())) for file in sorted(_KEPT.glob("*.json"))])
    write(results)
    for target in results.targets():
        print(f"{target.text:50} {target.came_out}")
    return 0 if all(target.good is not False for target in results.targets()) else 1


def write(results: Results) -> None:
    """Write the page and its plot."""
    lines = {
        name: [(one.vms, one.seconds) for one in results.of("latency") if one.name == name]
        for name in (OFFICIAL, COLLECTION, SCRIPT)
    }
    (_DOCS / "benchmarks.md").write_text(page(results))
    if all(lines.values()):
        (_DOCS / PLOT).write_text(svg(lines, "VMs", "seconds"))


def run(load: Load, profile: str, names: list[str], concurrency: int) -> None:
    """Let some contenders fail the same site over, in turn."""
    with simulator(scenario=load.scenario()) as sites:
        lose(sites, load)
        sites.keep()
        for name in names:
            sites.restart(profile, as_kept=True)
            sites.lose(LOST)
            with tempfile.TemporaryDirectory(prefix="failover-") as folder:
                setting = contenders.Setting(sites, load, Path(folder), concurrency)
                figures = measure(name, profile, setting)
            keep(figures)
            print(line(figures), flush=True)


def line(one: Figures) -> str:
    """Return what is printed of one failover."""
    tasks, memory = f"{one.tasks or '-':>5} tasks", f"{one.memory or 0:5.0f} MiB"
    return (
        f"{one.vms:6} VMs {one.name:14} {one.seconds:8.1f} s {one.requests:7} requests {tasks}"
        f" {one.bytes / 1e6:7.1f} MB {memory}  CPU {one.cpu:7.1f} s, engine {one.simulated:7.1f} s  load {one.load:.1f}"
    )


def keep(figures: Figures) -> None:
    """Write one measurement into the folder of those that are kept."""
    name = f"{figures.profile}-{figures.vms}-{figures.name.replace(' ', '-')}.json"
    (_KEPT / name).write_text(json.dumps(dataclasses.asdict(figures), indent=2))


def measure(name: str, profile: str, setting: contenders.Setting) -> Figures:
    """Let one contender do it."""
    site = setting.sites[LEFT]
    cpu, began = setting.sites.cpu(LEFT), time.monotonic()
    at = datetime.now(UTC).isoformat(timespec="seconds")
    spent = _CONTENDERS[name](setting)
    seconds = time.monotonic() - began
    simulated = setting.sites.cpu(LEFT) - cpu
    log = site.control("GET", "requests")["requests"]
    return Figures.of(name, profile, setting.load.vms, at, seconds, simulated, spent, log)


if __name__ == "__main__":
    sys.exit(main())
