# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's root."""

from __future__ import annotations

from typing import Any

from ovirtsdk4 import types
from sqlalchemy import func, select

from ...engine import people, schema
from ..call import Call
from ..decoration import root_links
from ..representation.values import moment
from ..wire import Answer

# Full version and build number of the last release of each series.
_RELEASES = {
    "4.3": (3, 10, "4.3.10.4-1.el7"),
    "4.4": (4, 10, "4.4.10.7-1.el8"),
    "4.5": (5, 8, "4.5.8-1.el9"),
}
_INSTANCE = "6f0d7a3e-0b52-4f0c-9d5e-2f6f5a3c9b10"


def read(call: Call) -> Answer:
    """Describe the engine."""
    minor, build, full = _RELEASES[call.engine.version]
    user = types.User(id=people.user_id(call.user))
    api = types.Api(
        product_info=types.ProductInfo(
            name="oVirt Engine",
            vendor="ovirt.org",
            instance_id=_INSTANCE,
            version=types.Version(major=4, minor=minor, build=build, revision=0, full_version=full),
        ),
        special_objects=types.SpecialObjects(
            blank_template=types.Template(id=schema.BLANK_TEMPLATE), root_tag=types.Tag(id=schema.BLANK_TEMPLATE)
        ),
        summary=_summary(call),
        time=moment(call.context.now),
        authenticated_user=user,
        effective_user=user,
    )
    links = ", ".join(f"<{href}>; rel={rel}" for href, rel in root_links(call.request.prefix))
    return Answer(api, headers={"Link": links})


def _summary(call: Call) -> types.ApiSummary:
    vm, mapping = schema.VmStatic, schema.StoragePoolIsoMap
    return types.ApiSummary(
        hosts=_item(call, schema.Vds, schema.Vds.status == "up"),
        storage_domains=types.ApiSummaryItem(
            active=_count(call, mapping, mapping.status == "active"), total=_count(call, schema.StorageDomainStatic)
        ),
        users=types.ApiSummaryItem(active=1, total=_count(call, people.User)),
        vms=types.ApiSummaryItem(
            active=_count(call, vm, vm.entity_type == "vm", vm.status == "up"),
            total=_count(call, vm, vm.entity_type == "vm"),
        ),
    )


def _item(call: Call, table: Any, active: Any) -> types.ApiSummaryItem:
    return types.ApiSummaryItem(active=_count(call, table, active), total=_count(call, table))


def _count(call: Call, table: Any, *where: Any) -> int:
    return call.context.db.scalar(select(func.count()).select_from(table).where(*where)) or 0
