# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of a failover could have registered: two VMs of three came up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

BEGAN = "2031-05-04T03:00:00.00Z"
ENDED = datetime(2031, 5, 4, 3, 5, 0, tzinfo=UTC)
HOSTILE = "<script>document.title='owned'</script>"


def entity(name: str, outcome: str = "succeeded", **more: Any) -> dict[str, Any]:
    return {"id": f"id-{name}", "name": name, "outcome": outcome, "reason": None, "remedy": None, **more}


def phases() -> list[dict[str, Any]]:
    """Return the phases of the run; that of the import noted no beginning."""
    return [
        {"name": "fence", "result": {"changed": False, "elapsed": 1.5, "began": BEGAN}},
        {"name": "swap", "result": {"changed": False, "skipped": True, "skip_reason": "Conditional result was False"}},
        {"name": "bring_in", "result": {"changed": True, "elapsed": 40.0, "entities": [entity("vault")]}},
        {
            "name": "register",
            "result": {
                "changed": True,
                "results": [
                    {"elapsed": 20.0, "began": "2031-05-04T03:00:45.00Z", "entities": [entity("db"), entity("web")]},
                    {
                        "elapsed": 10.0,
                        "error_kind": "partial",
                        "msg": "cannot register 1 of 1",
                        "entities": [entity(HOSTILE, "failed", reason="its disk is missing", remedy="replicate it")],
                    },
                ],
            },
        },
        {
            "name": "boot",
            "result": {
                "elapsed": 60.0,
                "began": "2031-05-04T03:01:30.00Z",
                "entities": [
                    entity("db", began="2031-05-04T03:01:30Z", ended="2031-05-04T03:02:00Z"),
                    entity("web", began="2031-05-04T03:02:00Z", ended="2031-05-04T03:02:30Z"),
                ],
            },
        },
        {"name": "verify", "result": {}},
    ]
