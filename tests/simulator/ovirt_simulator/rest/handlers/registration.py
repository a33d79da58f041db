# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registration request says about clusters, networks and the like, in plain data.

Each list holds pairs of a source and a target. Where the engine itself stumbles, so does this.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ..call import Call, identified
from ..errors import ContainerError, Fault, incomplete

_BY_NAME = {
    "clusters": "cluster_mappings",
    "roles": "role_mappings",
    "domains": "domain_mappings",
    "affinity_groups": "affinity_group_mappings",
    "affinity_labels": "affinity_label_mappings",
}


def check_vm(action: types.Action) -> None:
    """Refuse what a VM's registration cannot cope with before it begins."""
    if action.clone is not None and action.vm is not None and action.vm.name:
        raise ContainerError
    configuration = action.registration_configuration or types.RegistrationConfiguration()
    for attribute in _BY_NAME.values():
        for mapping in getattr(configuration, attribute) or []:
            for side, entity in (("source", mapping.from_), ("destination", mapping.to)):
                if entity is None:
                    raise Fault(400, f"The entity name is missing from the {side} of {attribute}")


def check_template(action: types.Action) -> None:
    """Stumble over what a template's registration cannot cope with."""
    if action.clone is not None and action.vm is not None:
        raise ContainerError


def cluster_of(call: Call, action: types.Action) -> str | None:
    """Return the id of the cluster that the request asks for, given by its id or name."""
    if action.cluster is None:
        return None
    return identified(call, action.cluster, schema.Cluster, incomplete("Action", "cluster.id|name", "register"))


def mappings_of(action: types.Action) -> dict[str, list[list[Any]]]:
    """Return the mappings by kind."""
    configuration = action.registration_configuration or types.RegistrationConfiguration()
    found: dict[str, list[list[Any]]] = {
        kind: _unique([_by_name(mapping) for mapping in getattr(configuration, attribute) or []])
        for kind, attribute in _BY_NAME.items()
    }
    found["luns"] = _unique([_unit_pair(mapping) for mapping in configuration.lun_mappings or []])
    if configuration.vnic_profile_mappings is not None:
        found["vnic_profiles"] = [_profile_pair(mapping) for mapping in configuration.vnic_profile_mappings]
    else:
        found["vnic_profiles"] = _old_profile_pairs(action.vnic_profile_mappings)
    return found


def _unique(pairs: list[list[Any]]) -> list[list[Any]]:
    sources = [source for source, _unused in pairs]
    if len(set(sources)) < len(sources):
        raise ContainerError
    return pairs


def _by_name(mapping: Any) -> list[Any]:
    if mapping.from_ is None or mapping.to is None or not mapping.to.name:
        raise ContainerError
    return [mapping.from_.name, mapping.to.name]


def _unit_pair(mapping: types.RegistrationLunMapping) -> list[Any]:
    source, target = (_unit(disk) for disk in (mapping.from_, mapping.to))
    facts = ("id", "address", "port", "portal", "target", "username", "password")
    return [source.id, {name: getattr(target, name) for name in facts}]


def _unit(disk: types.Disk | None) -> types.LogicalUnit:
    storage = disk.lun_storage if disk is not None else None
    if storage is None or not storage.logical_units:
        raise ContainerError
    return storage.logical_units[0]


def _profile_pair(mapping: types.RegistrationVnicProfileMapping) -> list[Any]:
    source = mapping.from_ or types.VnicProfile()
    network = source.network.name if source.network is not None else None
    return [network or "", source.name or "", _profile(mapping.to)]


def _profile(target: types.VnicProfile | None) -> dict[str, str] | None:
    if target is None:
        return None
    if target.id is not None:
        return {"id": target.id.lower()}
    network = target.network.name if target.network is not None else None
    return {"network": network or "", "profile": target.name or ""}


def _old_profile_pairs(mappings: Iterable[types.VnicProfileMapping] | None) -> list[list[Any]]:
    if mappings is None:
        return []
    pairs: list[list[Any]] = []
    for mapping in mappings:
        if mapping.source_network_name is None or mapping.source_network_profile_name is None:
            raise incomplete("VnicProfileMapping", "sourceNetworkName, sourceNetworkProfileName", "register")
        names = [mapping.source_network_name, mapping.source_network_profile_name]
        pairs.append([*names, _profile(mapping.target_vnic_profile)])
    if not pairs:
        raise incomplete("Action", "vnicProfileMappings", "register")
    return pairs
