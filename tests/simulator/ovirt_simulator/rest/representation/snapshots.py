# SPDX-License-Identifier: GPL-3.0-or-later
"""What a snapshot remembers of its VM."""

from __future__ import annotations

from ovirtsdk4 import types

from ...ovf.document import Document
from .values import choice


def nics(document: Document | None, vm_id: str) -> list[types.Nic]:
    """Return the NICs of a VM as they were; none if nothing is remembered."""
    return [
        types.Nic(
            id=nic.id,
            name=nic.name,
            interface=choice(types.NicInterface, nic.model),
            linked=nic.linked,
            plugged=nic.device.plugged if nic.device is not None else True,
            mac=types.Mac(address=nic.mac) if nic.mac else None,
            vm=types.Vm(id=vm_id),
        )
        for nic in (document.nics if document is not None else ())
    ]
