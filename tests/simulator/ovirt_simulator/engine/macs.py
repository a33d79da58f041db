# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool of MAC addresses."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from ..ovf.document import Nic
from . import schema
from .command import Refusal

if TYPE_CHECKING:
    from .runtime import Context

_POOL = select(schema.MacPool).limit(1)
_IN_USE = select(schema.VmInterface.mac).where(schema.VmInterface.mac.in_(bindparam("macs", expanding=True)))
_FORM = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def taken(context: Context, nics: Sequence[Nic]) -> list[str]:
    """Return which of the NICs' addresses are in use here while the pool forbids duplicates."""
    pool = context.db.scalar(_POOL)
    if pool is None or pool.allow_duplicates:
        return []
    wanted = [nic.mac for nic in nics if nic.mac is not None]
    return sorted({mac for mac in context.db.scalars(_IN_USE, {"macs": wanted}) if mac is not None})


def assign(context: Context, nics: Sequence[Nic], reassign_bad: bool) -> list[str]:
    """Return an address for each NIC, new ones where there is none, or where it is bad and may be replaced.

    Bad are duplicates and addresses outside the pool's range. Refuse where the pool is exhausted.
    """
    pool = context.db.scalar(_POOL)
    if pool is None:
        return [nic.mac or "" for nic in nics]
    bad = set(taken(context, nics)) if reassign_bad else set()
    bad |= {nic.mac for nic in nics if reassign_bad and nic.mac is not None and not _inside(pool, nic.mac)}
    fresh = _free(context, pool)
    found = []
    for nic in nics:
        mac = nic.mac if nic.mac not in bad else None
        mac = mac or next(fresh, None)
        if mac is None:
            raise Refusal("MAC_POOL_NOT_ENOUGH_MAC_ADDRESSES")
        found.append(mac)
    return found


def _number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


def _inside(pool: schema.MacPool, mac: str) -> bool:
    known = _FORM.fullmatch(mac.lower()) is not None
    return known and _number(pool.range_from) <= _number(mac) <= _number(pool.range_to)


def _free(context: Context, pool: schema.MacPool) -> Iterator[str]:
    """Return the free addresses of the pool, the lowest first; thousands below them cost next to nothing."""
    mac, first = schema.VmInterface.mac, _number(pool.range_from)
    inside = select(mac).where(mac >= pool.range_from.lower(), mac <= pool.range_to.lower())
    used = [address for address in context.db.scalars(inside.distinct().order_by(mac)) if address is not None]
    # Up to the first gap, an address and its place among those in use differ by the same number.
    gap = bisect_left(range(len(used)), True, key=lambda place: _number(used[place]) != first + place)
    later = set(used[gap:])
    for value in range(first + gap, _number(pool.range_to) + 1):
        text = f"{value:012x}"
        address = ":".join(text[start : start + 2] for start in range(0, 12, 2))
        if address not in later:
            yield address
