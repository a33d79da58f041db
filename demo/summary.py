# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what the demo's playbooks reported: what moved, what was recovered, how long each phase took."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml


def main(state: Path) -> None:
    moved = yaml.safe_load((state / "move.yml").read_text(encoding="utf-8"))
    [document] = (state / "report").glob("*.json")
    report = json.loads(document.read_text(encoding="utf-8"))
    print(f"  moved to {moved['target']}: {', '.join(moved['moved'])} ({moved['seconds']} s)")
    print(f"  {report['summary']}")
    print(f"  recovered {report['rto_seconds']:.1f} s after the beginning")
    for phase in report["phases"]:
        if phase["outcome"] == "skipped":
            continue
        names = [one["name"] for one in report["entities"] if one["phase"] == phase["name"]]
        print(f"  {phase['name']:<9} {phase['outcome']:<10} {', '.join(names):<60} {phase['seconds']:>6.2f} s")
    print("\n  time of each playbook run, start of Ansible included:")
    for line in (state / "phases.tsv").read_text(encoding="utf-8").splitlines():
        name, seconds = line.split("\t")
        print(f"    {name:<20} {seconds:>6} s")
    print(f"\n  the report: {document.with_suffix('.html')}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
