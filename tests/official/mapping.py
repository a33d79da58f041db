# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator fills in after generate_mapping: the secondary site's side of everything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ovirt_simulator.scenario import identifier

_OPEN = re.compile(r"^(?P<lead>\s*)(?P<key>(?:dr_)?(?:sites_)?secondary_\w+): # (?P<value>.*)$", re.MULTILINE)
_PROFILES = {"ovirtmgmt": "ovirtmgmt", "east-lan": "west-lan"}
_THERE = {
    "east": "west",
    "east-cl1": "west-cl1",
    "east-lan": "west-lan",
    "nfs.array-p.test": "nfs.array-s.test",
    "/base": "/base-copy",
    "/office": "/office-copy",
    "10.10.1.10": "10.20.1.10",
    '["iqn.2031-05.test.array-p:orders"]': '["iqn.2031-05.test.array-s:orders"]',
    **{
        identifier("primary", "profile", f"{here}/{here}"): identifier("secondary", "profile", f"{there}/{there}")
        for here, there in _PROFILES.items()
    },
}


def filled_in(generated: str, secondary: Mapping[str, Any]) -> str:
    """Return the generated file with a value for each key that it leaves open; what has no other name keeps it."""
    sites = {f"dr_sites_secondary_{name}": str(secondary[name]) for name in ("url", "username", "ca_file")}

    def value(match: re.Match[str]) -> str:
        there = sites.get(match["key"]) or _THERE.get(match["value"], match["value"])
        return f"{match['lead']}{match['key']}: {there}"

    return _OPEN.sub(value, generated)
