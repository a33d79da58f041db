# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way of a workload from one site to the other, by the SDK alone."""

from __future__ import annotations

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import StorageDomainService, SystemService

from ovirt_simulator.site import Sites
from wire_client import east, west

PORTAL, IQN = "10.20.1.10", "iqn.2031-05.test.array-b:vault"
VAULT = east("domain", "vault")


def refused(code: int) -> pytest.RaisesExc[ovirtsdk4.Error]:
    return pytest.raises(ovirtsdk4.Error, check=lambda error: error.code == code)


def fill_the_vault(api: SystemService) -> None:
    vault = api.storage_domains_service().storage_domain_service(VAULT)
    web = api.vms_service().vm_service(east("vm", "web"))
    with refused(409):
        vault.update(types.StorageDomain(backup=True))
    web.shutdown()
    assert web.get().status == types.VmStatus.DOWN
    assert vault.update(types.StorageDomain(backup=True)).backup
    with refused(400):
        web.start()
    disks = api.disks_service()
    disks.disk_service(east("disk", "db_Disk1")).move(storage_domain=types.StorageDomain(id=VAULT))
    moved = disks.disk_service(east("disk", "db_Disk1")).get()
    assert (moved.status.value, [place.id for place in moved.storage_domains]) == ("ok", [VAULT])
    base = disks.disk_service(east("disk", "base_Disk1"))
    with refused(400):
        base.move(storage_domain=types.StorageDomain(id=VAULT))
    base.copy(storage_domain=types.StorageDomain(id=VAULT))
    source = api.storage_domains_service().storage_domain_service(east("domain", "east-data"))
    source.disks_service().disk_service(east("disk", "base_Disk1")).remove()
    assert [place.id for place in base.get().storage_domains] == [VAULT]
    vault.update_ovf_store()


def bring_the_vault_in(api: SystemService) -> StorageDomainService:
    host = api.hosts_service().host_service(west("host", "west-h1"))
    portal = types.IscsiDetails(address=PORTAL)
    found = host.discover_iscsi(iscsi=portal)
    assert [(one.portal, one.target) for one in found if one.target == IQN] == [(f"{PORTAL}:3260,1", IQN)]
    assert IQN in host.iscsi_discover(iscsi=portal)
    assert host.storage_service().list() == []
    host.iscsi_login(iscsi=types.IscsiDetails(address=PORTAL, target=IQN))
    units = host.storage_service().list()
    assert {unit.logical_units[0].storage_domain_id for unit in units} == {VAULT}
    domains = api.storage_domains_service()
    added = domains.add(
        types.StorageDomain(
            id=VAULT,
            import_=True,
            backup=True,
            type=types.StorageDomainType.DATA,
            host=types.Host(id=west("host", "west-h1")),
            storage=types.HostStorage(type=types.StorageType.ISCSI),
        )
    )
    assert (added.name, added.backup) == ("vault", True)
    domain = domains.storage_domain_service(VAULT)
    assert domain.is_attached(host=types.Host(name="west-h1")), "its metadata still names the other data center"
    center = api.data_centers_service().data_center_service(west("data_center", "west"))
    assert center.storage_domains_service().add(types.StorageDomain(id=VAULT)).status.value == "active"
    return domain


def register_everything(api: SystemService, domain: StorageDomainService) -> None:
    cluster = types.Cluster(name="west-cl1")
    templates = domain.templates_service()
    for template in templates.list(unregistered=True):
        templates.template_service(template.id).register(cluster=cluster)
    source = types.VnicProfile(name="east-lan", network=types.Network(name="east-lan"))
    target = types.VnicProfile(name="west-lan", network=types.Network(name="west-lan"))
    mapping = types.RegistrationVnicProfileMapping(from_=source, to=target)
    vms = domain.vms_service()
    waiting = {vm.name: vm.status.value for vm in vms.list(unregistered=True)}
    assert waiting == {"db": "down", "web": "down"}
    for vm in vms.list(unregistered=True):
        vms.vm_service(vm.id).register(
            cluster=cluster,
            registration_configuration=types.RegistrationConfiguration(vnic_profile_mappings=[mapping]),
        )
    assert vms.list(unregistered=True) == [] == templates.list(unregistered=True)
    assert {template.name for template in api.templates_service().list()} == {"Blank", "base"}


def test_a_vault_is_filled_lost_found_and_promoted(sites: Sites, api: SystemService, api2: SystemService) -> None:
    fill_the_vault(api)
    assert "b-vault" in sites.arrays.replicate(array="array-a")
    sites["primary"].stop()
    sites["primary"].hosts.fence()
    domain = bring_the_vault_in(api2)
    register_everything(api2, domain)
    vms = api2.vms_service()
    with refused(400):
        vms.vm_service(east("vm", "web")).start()
    assert not domain.update(types.StorageDomain(backup=False)).backup
    for name in ("db", "web"):
        vms.vm_service(east("vm", name)).start()
    running = vms.list(search="status=up", follow="nics.vnic_profile,reported_devices")
    shown = {vm.name: (vm.nics[0].vnic_profile.name, vm.reported_devices[0].ips[0].address) for vm in running}
    assert shown == {"db": ("west-lan", "192.0.2.12"), "web": ("west-lan", "192.0.2.11")}
