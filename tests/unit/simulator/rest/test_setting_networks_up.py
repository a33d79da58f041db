# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks and vNIC profiles: made, changed, used and removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from wire_client import east

CENTER = types.DataCenter(id=east("data_center", "east"))


def refused(doing: Callable[[], Any]) -> int:
    with pytest.raises(ovirtsdk4.Error) as caught:
        doing()
    return int(caught.value.code)


def test_a_network_comes_with_a_profile_of_its_name(api: SystemService) -> None:
    added = api.networks_service().add(types.Network(name="dmz", data_center=CENTER, vlan=types.Vlan(id=42), mtu=9000))
    network = api.networks_service().network_service(added.id)
    assert (network.get().vlan.id, network.get().mtu) == (42, 9000)
    assert [profile.name for profile in network.vnic_profiles_service().list()] == ["dmz"]
    assert network.update(types.Network(description="outside")).description == "outside"
    assert refused(lambda: api.networks_service().add(types.Network(name="dmz", data_center=CENTER))) == 409
    network.remove()
    assert not [one for one in api.vnic_profiles_service().list() if one.name == "dmz"]


def test_a_cluster_gets_and_loses_a_network(api: SystemService) -> None:
    added = api.data_centers_service().data_center_service(CENTER.id).networks_service().add(types.Network(name="dmz"))
    networks = api.clusters_service().cluster_service(east("cluster", "east-cl1")).networks_service()
    networks.add(types.Network(id=added.id))
    assert "dmz" in [network.name for network in networks.list()]
    assert refused(lambda: networks.add(types.Network(id=added.id))) == 409
    networks.network_service(added.id).remove()
    assert "dmz" not in [network.name for network in networks.list()]


def test_what_nics_use_stays(api: SystemService) -> None:
    network = api.networks_service().network_service(east("network", "east-lan"))
    profile = api.vnic_profiles_service().profile_service(east("profile", "east-lan/east-lan"))
    networks = api.clusters_service().cluster_service(east("cluster", "east-cl1")).networks_service()
    in_cluster = networks.network_service(east("network", "east-lan"))
    assert [refused(one.remove) for one in (network, profile, in_cluster)] == [409, 409, 409]


def test_the_management_network_stays(api: SystemService) -> None:
    network = api.networks_service().network_service(east("network", "ovirtmgmt"))
    assert refused(network.remove) == 409
    assert refused(lambda: network.update(types.Network(name="other"))) == 409


def test_a_profile_keeps_its_network(api: SystemService) -> None:
    lan = types.Network(id=east("network", "east-lan"))
    profiles = api.vnic_profiles_service()
    added = profiles.add(types.VnicProfile(name="mirrored", network=lan, port_mirroring=True))
    profile = profiles.profile_service(added.id)
    changed = profile.update(types.VnicProfile(name="plain", description="no mirror", port_mirroring=False))
    assert (changed.name, changed.description, changed.port_mirroring) == ("plain", "no mirror", False)
    elsewhere = types.VnicProfile(network=types.Network(id=east("network", "ovirtmgmt")))
    assert refused(lambda: profile.update(elsewhere)) == 400
    assert refused(lambda: profiles.add(types.VnicProfile(name="plain", network=lan))) == 409
    profile.remove()
    assert "plain" not in [one.name for one in profiles.list()]


def test_a_passthrough_profile_mirrors_no_port(api: SystemService) -> None:
    body = types.VnicProfile(
        name="direct",
        network=types.Network(id=east("network", "east-lan")),
        pass_through=types.VnicPassThrough(mode=types.VnicPassThroughMode.ENABLED),
    )
    assert api.vnic_profiles_service().add(body).pass_through.mode == types.VnicPassThroughMode.ENABLED
    body.name, body.port_mirroring = "mirrored", True
    assert refused(lambda: api.vnic_profiles_service().add(body)) == 400
