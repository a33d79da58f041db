# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured of a failover."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contenders import Spent


@dataclass(frozen=True)
class Figures:
    """One failover; cpu: processor seconds of who failed over; simulated: those of the simulated engine."""

    name: str
    profile: str
    vms: int
    at: str
    seconds: float
    cpu: float
    simulated: float
    load: float
    requests: int
    bytes: int
    kinds: Mapping[str, int]
    tasks: int | None = None
    memory: float | None = None
    steps: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        name: str,
        profile: str,
        vms: int,
        at: str,
        seconds: float,
        simulated: float,
        spent: Spent,
        log: Sequence[Mapping[str, Any]],
    ) -> Figures:
        """Make them of what was spent and of the simulated engine's log; a failover that is not whole is an error."""
        starts = sum(1 for one in log if one["status"] == 200 and str(one["path"]).endswith("/start"))
        if starts != vms:
            raise SystemExit(f"{name}: {starts} of {vms} starts were accepted")
        return cls(
            name=name,
            profile=profile,
            vms=vms,
            at=at,
            seconds=seconds,
            cpu=spent.cpu,
            simulated=simulated,
            load=os.getloadavg()[0],
            requests=len(log),
            bytes=sum(len(one["body"]) + one["answered"] for one in log),
            kinds=dict(Counter(_kind(one) for one in log)),
            tasks=spent.tasks,
            memory=spent.memory,
            steps=spent.seconds,
        )


def _kind(entry: Mapping[str, Any]) -> str:
    parts = str(entry["path"]).removeprefix("/ovirt-engine/api/").split("/")
    return f"{entry['method']} {'/'.join('{id}' if '-' in part and len(part) == 36 else part for part in parts)}"
