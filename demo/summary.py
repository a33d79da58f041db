# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what the demo's playbooks reported: what moved, what was recovered, how long each phase took."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml


def main(state: Path) -> None:
    moved = yaml.safe_load((state / "move.yml").read_text(encoding="utf-8"))
    recovered = yaml.safe_load((state / "failover.yml").read_text(encoding="utf-8"))
    print(f"  moved to {moved['target']}: {', '.join(moved['moved'])} ({moved['seconds']} s)")
    print(f"  fence: {recovered['fence']}")
    for phase in recovered["phases"]:
        print(f"  {phase['name']:<11} {', '.join(phase['entities']):<60} {phase['seconds']:>6.2f} s")
    print("\n  time of each playbook run, start of Ansible included:")
    for line in (state / "phases.tsv").read_text(encoding="utf-8").splitlines():
        name, seconds = line.split("\t")
        print(f"    {name:<14} {seconds:>6} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
