# SPDX-License-Identifier: GPL-3.0-or-later
"""Affinity groups and labels: made, changed, and who is in them."""

from __future__ import annotations

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from wire_client import Client, east

CLUSTER = east("cluster", "east-cl1")
APART = types.AffinityGroup(name="apart", vms_rule=types.AffinityRule(enabled=True, positive=False, enforcing=True))


def test_a_group_has_the_rules_that_it_was_made_with(api: SystemService) -> None:
    groups = api.clusters_service().cluster_service(CLUSTER).affinity_groups_service()
    added = groups.add(types.AffinityGroup(name="apart", description="never together", positive=False, enforcing=True))
    read = groups.group_service(added.id).get()
    assert (read.name, read.description, read.positive, read.enforcing) == ("apart", "never together", False, True)
    assert read.vms_rule.enabled and not read.hosts_rule.enabled and read.cluster.id == CLUSTER
    changed = groups.group_service(added.id).update(types.AffinityGroup(hosts_rule=types.AffinityRule(positive=False)))
    assert (changed.hosts_rule.enabled, changed.hosts_rule.positive, changed.positive) == (True, False, False)
    groups.group_service(added.id).remove()
    assert groups.list() == []


def test_a_name_is_free_once_in_a_cluster(api: SystemService) -> None:
    groups = api.clusters_service().cluster_service(CLUSTER).affinity_groups_service()
    groups.add(APART)
    with pytest.raises(ovirtsdk4.Error) as caught:
        groups.add(APART)
    assert caught.value.code == 409


def test_members_come_and_go(api: SystemService) -> None:
    groups = api.clusters_service().cluster_service(CLUSTER).affinity_groups_service()
    group = groups.group_service(groups.add(APART).id)
    group.vms_service().add(types.Vm(id=east("vm", "web")))
    group.vms_service().add(types.Vm(id=east("vm", "db")))
    group.hosts_service().add(types.Host(id=east("host", "east-h1")))
    assert [vm.name for vm in group.vms_service().list()] == ["db", "web"]
    followed = groups.list(follow="vms,hosts")[0]
    assert ([vm.name for vm in followed.vms], [host.name for host in followed.hosts]) == (["db", "web"], ["east-h1"])
    group.vms_service().vm_service(east("vm", "db")).remove()
    assert [vm.name for vm in group.vms_service().list()] == ["web"]


def test_a_vm_of_another_cluster_cannot_be_in_a_group(api: SystemService) -> None:
    groups = api.clusters_service().cluster_service(CLUSTER).affinity_groups_service()
    group = groups.group_service(groups.add(APART).id)
    with pytest.raises(ovirtsdk4.Error) as caught:
        group.vms_service().add(types.Vm(id=east("vm", "nobody")))
    assert caught.value.code == 400


def test_groups_can_have_labels(api: SystemService) -> None:
    label = api.affinity_labels_service().add(types.AffinityLabel(name="licensed"))
    groups = api.clusters_service().cluster_service(CLUSTER).affinity_groups_service()
    added = groups.add(types.AffinityGroup(name="bound", vm_labels=[types.AffinityLabel(id=label.id)]))
    assert [one.name for one in groups.group_service(added.id).vm_labels_service().list()] == ["licensed"]
    api.affinity_labels_service().label_service(label.id).remove()
    assert groups.group_service(added.id).vm_labels_service().list() == []


def test_the_data_center_shows_the_groups_of_its_clusters(api: SystemService, client: Client) -> None:
    api.clusters_service().cluster_service(CLUSTER).affinity_groups_service().add(APART)
    reply = client.get(f"/datacenters/{east('data_center', 'east')}/clusters/{CLUSTER}/affinitygroups")
    assert [group.findtext("name") for group in reply.xml] == ["apart"]


def test_labels_are_given_from_either_side(api: SystemService) -> None:
    labels = api.affinity_labels_service()
    label = labels.label_service(labels.add(types.AffinityLabel(name="licensed")).id)
    vm = api.vms_service().vm_service(east("vm", "web"))
    vm.affinity_labels_service().add(types.AffinityLabel(name="licensed"))
    label.hosts_service().add(types.Host(id=east("host", "east-h2")))
    assert [one.name for one in label.vms_service().list()] == ["web"]
    assert [one.name for one in label.hosts_service().list()] == ["east-h2"]
    vm.affinity_labels_service().label_service(label.get().id).remove()
    assert label.vms_service().list() == [] and vm.affinity_labels_service().list() == []
    assert label.update(types.AffinityLabel(name="paid")).name == "paid"


def test_a_label_name_is_free_once(api: SystemService) -> None:
    api.affinity_labels_service().add(types.AffinityLabel(name="licensed"))
    with pytest.raises(ovirtsdk4.Error) as caught:
        api.affinity_labels_service().add(types.AffinityLabel(name="licensed"))
    assert caught.value.code == 409
