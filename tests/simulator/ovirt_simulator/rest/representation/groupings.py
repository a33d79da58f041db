# SPDX-License-Identifier: GPL-3.0-or-later
"""Affinity groups, affinity labels and tags."""

from __future__ import annotations

from collections.abc import Iterable

from ovirtsdk4 import types

from ...engine import groupings


def affinity_groups(rows: Iterable[groupings.AffinityGroup]) -> list[types.AffinityGroup]:
    """Return affinity groups; their members are linked to."""
    return [
        types.AffinityGroup(
            id=row.id,
            name=row.name,
            description=row.description,
            cluster=types.Cluster(id=row.cluster_id),
            priority=row.priority,
            positive=row.vms_positive,
            enforcing=row.vms_enforcing,
            vms_rule=types.AffinityRule(
                enabled=row.vms_enabled, enforcing=row.vms_enforcing, positive=row.vms_positive
            ),
            hosts_rule=types.AffinityRule(
                enabled=row.hosts_enabled, enforcing=row.hosts_enforcing, positive=row.hosts_positive
            ),
        )
        for row in rows
    ]


def affinity_labels(rows: Iterable[groupings.AffinityLabel]) -> list[types.AffinityLabel]:
    """Return affinity labels."""
    return [
        types.AffinityLabel(id=row.id, name=row.name, read_only=False, has_implicit_affinity_group=False)
        for row in rows
    ]


def tags(rows: Iterable[groupings.Tag]) -> list[types.Tag]:
    """Return tags."""
    return [
        types.Tag(id=row.id, name=row.name, description=row.description, parent=types.Tag(id=row.parent_id))
        for row in rows
    ]


def root_tag() -> types.Tag:
    """Return the tag that all others are below."""
    return types.Tag(id=groupings.ROOT_TAG, name="root", description="root")
