# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools of VMs."""

from __future__ import annotations

from collections.abc import Iterable

from ovirtsdk4 import types
from sqlalchemy import func, select

from ...engine import schema
from ...engine.runtime import Context


def pools(context: Context, rows: Iterable[schema.VmPool]) -> list[types.VmPool]:
    """Return pools; their size is how many VMs they have now."""
    counting = select(schema.VmStatic.vm_pool_id, func.count()).group_by(schema.VmStatic.vm_pool_id)
    sizes = dict(list(context.db.execute(counting)))
    return [
        types.VmPool(
            id=row.id,
            name=row.name,
            description=row.description,
            comment=row.comment,
            cluster=types.Cluster(id=row.cluster_id),
            template=types.Template(id=row.template_id),
            size=sizes.get(row.id, 0),
            prestarted_vms=row.prestarted_vms,
            max_user_vms=row.max_user_vms,
            stateful=row.stateful,
            type=types.VmPoolType.AUTOMATIC,
            use_latest_template_version=False,
        )
        for row in rows
    ]
