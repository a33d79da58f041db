# SPDX-License-Identifier: GPL-3.0-or-later
"""How long things take: the one place that holds the simulator's times."""

from __future__ import annotations

from dataclasses import dataclass, field

_REALISTIC = {
    "iscsi_login": 1.0,
    "import": 2.0,
    "attach": 6.0,
    "activate": 3.0,
    "deactivate": 5.0,
    "detach": 3.0,
    "ovf_update": 2.0,
    "register_vm": 1.2,
    "register_template": 0.5,
    "start": 0.3,
    "boot": 20.0,
    "guest_agent": 10.0,
    "shutdown": 15.0,
    "snapshot": 3.0,
    "merge": 5.0,
    "migrate": 8.0,
    "reboot": 15.0,
    "create_vm": 3.0,
    "transfer_begin": 2.0,
    "transfer_end": 2.0,
    "remove_disk": 1.0,
}


@dataclass(frozen=True)
class Profile:
    """Seconds a request takes (`latency`), seconds of each operation, and copy rates in bytes a second.

    An operation that is not listed takes no time. A rate of 0 means that copies take no time.
    """

    name: str
    latency: float = 0.0
    operations: dict[str, float] = field(default_factory=dict)
    disk_rate: float = 0.0
    domain_rate: float = 0.0

    def seconds(self, operation: str) -> float:
        """Return how long an operation lasts."""
        return self.operations.get(operation, 0.0)


PROFILES = {
    "instant": Profile("instant"),
    "latency": Profile("latency", latency=0.020),
    "steady": Profile("steady", latency=0.020, operations=dict.fromkeys(_REALISTIC, 5.0)),
    "realistic": Profile("realistic", latency=0.020, operations=_REALISTIC, disk_rate=200e6, domain_rate=400e6),
}
