# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery plans on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..document import parse
from ..engine.errors import EngineError
from ..needs.manifest import Manifest, read_manifest
from ..text_files import read_text
from .plan import Direction, Plan, Procedure
from .reading import read_plan
from .run import hooks_of, run_of
from .steps import steps_of


def load_plan(path: str) -> Plan:
    """Return the plan in a file; EngineError invalid names the place of what is wrong."""
    absolute = str(Path(path).absolute())
    return read_plan(read_text(absolute, "recovery plan"), absolute)


def _load_manifest(path: str) -> Manifest:
    return read_manifest(parse(read_text(path, "manifest"), path))


def describe(
    path: str,
    *,
    source: str | None,
    target: str | None,
    groups: Sequence[str],
    procedure: Procedure,
    manifest: str | None,
) -> dict[str, Any]:
    """Return what a plan says, and what a recovery from source to target needs where both are given.

    manifest: path of the one that tells what the searches of groups have found.
    """
    plan = load_plan(path)
    chosen = [group.name for group in plan.chosen(tuple(groups))]
    if (source is None) != (target is None):
        raise EngineError("invalid", "source and target belong together", remedy="name both sites, or none")
    found = _load_manifest(manifest).searches if manifest else {}
    direction = Direction(source, target) if source and target else None
    run = run_of(plan, direction, chosen, procedure=procedure, found=found) if direction else None
    return {
        "changed": False,
        "plan": {
            "name": plan.name,
            "sites": list(plan.sites),
            "hooks": hooks_of(plan),
            "groups": [
                {
                    "name": group.name,
                    "storage_domains": [domain.name for domain in group.domains],
                    "boot_groups": [boot.name for boot in group.boot],
                    "vms": sorted(group.named_vms),
                }
                for group in plan.groups.values()
                if group.name in chosen
            ],
        },
        "run": run,
        "steps": steps_of(run) if run else [],
    }
