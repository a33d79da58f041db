# SPDX-License-Identifier: GPL-3.0-or-later
"""Unregistered VMs, templates and disks over the wire, and every way to say what maps to what."""

from __future__ import annotations

from collections.abc import Iterator

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import StorageDomainService, SystemService

from ovirt_simulator.site import Sites, Snapshot, simulated_sites
from wire_client import API, Client, east, west

IQN = "iqn.2031-05.test.array-b:vault"
SD, WEB = east("domain", "vault"), east("vm", "web")
REGISTER = f"/storagedomains/{SD}/vms/{WEB}/register"
LAN = west("profile", "west-lan/west-lan")
CLUSTER = "<cluster><name>west-cl1</name></cluster>"


def send_template_along(api: SystemService) -> None:
    """Copy a template's disk to the domain that is going to be recovered, and only there."""
    disk = api.disks_service().disk_service(east("disk", "base_Disk1"))
    disk.copy(storage_domain=types.StorageDomain(id=SD))
    old = api.storage_domains_service().storage_domain_service(east("domain", "east-data"))
    old.disks_service().disk_service(east("disk", "base_Disk1")).remove()


def belong(api: SystemService) -> None:
    """Put the VM into an affinity group, and give it a label."""
    groups = api.clusters_service().cluster_service(east("cluster", "east-cl1")).affinity_groups_service()
    groups.add(types.AffinityGroup(name="front", positive=True, enforcing=True, vms=[types.Vm(id=WEB)]))
    api.affinity_labels_service().add(types.AffinityLabel(name="licensed", vms=[types.Vm(id=WEB)]))


@pytest.fixture(scope="module")
def arrived() -> Snapshot:
    """The vault attached at the secondary site; its VM and template are not registered yet."""
    with simulated_sites() as sites:
        with ovirtsdk4.Connection(**sites["primary"].auth) as connection:
            api = connection.system_service()
            send_template_along(api)
            belong(api)
            api.storage_domains_service().storage_domain_service(SD).update_ovf_store()
        sites["primary"].hosts.fence()
        sites.arrays.replicate()
        with ovirtsdk4.Connection(**sites["secondary"].auth) as connection:
            bring_in(connection.system_service())
        return sites.snapshot()


def bring_in(api: SystemService) -> None:
    host = api.hosts_service().host_service(west("host", "west-h1"))
    host.iscsi_login(iscsi=types.IscsiDetails(address="10.20.1.10", target=IQN))
    domain = types.StorageDomain(
        id=SD,
        import_=True,
        type=types.StorageDomainType.DATA,
        host=types.Host(name="west-h1"),
        storage=types.HostStorage(type=types.StorageType.ISCSI),
    )
    api.storage_domains_service().add(domain)
    center = api.data_centers_service().data_center_service(west("data_center", "west"))
    center.storage_domains_service().add(types.StorageDomain(id=SD))


@pytest.fixture
def sites(arrived: Snapshot) -> Iterator[Sites]:
    with simulated_sites(arrived) as both:
        yield both


@pytest.fixture
def recovered(api2: SystemService) -> StorageDomainService:
    return api2.storage_domains_service().storage_domain_service(SD)


@pytest.fixture
def client2(sites: Sites) -> Client:
    return Client(sites["secondary"])


def nic_profile(api: SystemService) -> str | None:
    nic = api.vms_service().vm_service(WEB).get(follow="nics.vnic_profile").nics[0]
    return nic.vnic_profile.name if nic.vnic_profile else None


@pytest.mark.conforms("workloads B.2", "workloads 2.1")
def test_an_unregistered_vm_shows_what_its_configuration_says_and_no_cluster(client2: Client) -> None:
    vm = client2.get(f"/storagedomains/{SD}/vms;unregistered").xml[0]
    assert (vm.findtext("name"), vm.findtext("status"), vm.find("cluster")) == ("web", "up", None)
    assert vm.get("href") == f"{API}/storagedomains/{SD}/vms/{WEB}"
    assert {link.get("rel") for link in vm.findall("link")} == {"diskattachments", "disks"}
    assert {link.get("rel") for link in vm.findall("actions/link")} == {"import", "register"}
    domain = vm.find("storage_domain")
    assert domain is not None and domain.get("href") == f"{API}/storagedomains/{SD}"


@pytest.mark.conforms("workloads B.3")
def test_an_unregistered_vm_cannot_be_looked_at_alone(client2: Client) -> None:
    for path in (f"/storagedomains/{SD}/vms/{WEB}", f"/vms/{WEB}"):
        assert (client2.get(path).status, client2.get(path).body) == (404, b"")
    assert len(client2.get(f"/storagedomains/{SD}/vms").xml) == 0


@pytest.mark.conforms("workloads B.1", "workloads B.2", "workloads 2.2")
def test_after_the_registration_the_vm_is_down_in_its_cluster_and_in_no_list_any_more(
    client2: Client, recovered: StorageDomainService, api2: SystemService
) -> None:
    answer = client2.post(REGISTER, f"<action>{CLUSTER}</action>").xml
    vm = answer.find("vm")
    assert answer.findtext("status") == "complete" and answer.find("job") is not None
    assert vm is not None and vm.get("href") == f"{API}/storagedomains/{SD}/vms/{WEB}"
    assert api2.vms_service().vm_service(WEB).get().status == types.VmStatus.DOWN
    assert recovered.vms_service().list(unregistered=True) == []
    assert [one.cluster.id for one in recovered.vms_service().list()] == [west("cluster", "west-cl1")]
    assert client2.get(f"/storagedomains/{SD}/vms/{WEB}").status == 200


@pytest.mark.conforms("workloads 2.3")
def test_templates_are_registered_the_same_way(
    client2: Client, recovered: StorageDomainService, api2: SystemService
) -> None:
    shown = recovered.templates_service().list(unregistered=True)
    assert [template.name for template in shown] == ["base"]
    recovered.templates_service().template_service(shown[0].id).register(cluster=types.Cluster(name="west-cl1"))
    assert api2.templates_service().template_service(shown[0].id).get().status == types.TemplateStatus.OK
    again = client2.post(f"/storagedomains/{SD}/templates/{shown[0].id}/register", f"<action>{CLUSTER}</action>")
    assert again.status == 400


def test_a_cluster_by_an_unknown_name_is_404_with_a_bare_fault(client2: Client) -> None:
    reply = client2.post(REGISTER, "<action><cluster><name>nowhere</name></cluster></action>")
    assert (reply.status, reply.xml.tag) == (404, "fault")


def test_without_any_cluster_the_registration_is_refused(client2: Client) -> None:
    reply = client2.post(REGISTER)
    assert (reply.status, reply.xml.tag, reply.xml.findtext("status")) == (400, "action", "failed")


def test_a_cluster_can_be_mapped_by_name(client2: Client) -> None:
    pair = "<from><name>east-cl1</name></from><to><name>west-cl1</name></to>"
    mapping = f"<registration_cluster_mapping>{pair}</registration_cluster_mapping>"
    body = f"<registration_configuration><cluster_mappings>{mapping}</cluster_mappings></registration_configuration>"
    assert client2.post(REGISTER, f"<action>{body}</action>").status == 200


@pytest.mark.parametrize(
    ("target", "profile"),
    [
        (types.VnicProfile(id=LAN), "west-lan"),
        (types.VnicProfile(name="west-lan", network=types.Network(name="west-lan")), "west-lan"),
        (types.VnicProfile(name="", network=types.Network(name="")), None),
        (types.VnicProfile(name="no", network=types.Network(name="such")), None),
    ],
)
def test_a_nic_lands_on_the_mapped_profile(
    recovered: StorageDomainService, api2: SystemService, target: types.VnicProfile, profile: str | None
) -> None:
    source = types.VnicProfile(name="east-lan", network=types.Network(name="east-lan"))
    recovered.vms_service().vm_service(WEB).register(
        cluster=types.Cluster(name="west-cl1"),
        registration_configuration=types.RegistrationConfiguration(
            vnic_profile_mappings=[types.RegistrationVnicProfileMapping(from_=source, to=target)]
        ),
    )
    assert nic_profile(api2) == profile


def test_groups_and_labels_are_mapped_by_name(recovered: StorageDomainService, api2: SystemService) -> None:
    groups = api2.clusters_service().cluster_service(west("cluster", "west-cl1")).affinity_groups_service()
    groups.add(types.AffinityGroup(name="front-rec", positive=True, enforcing=True))
    api2.affinity_labels_service().add(types.AffinityLabel(name="licensed-rec"))
    recovered.vms_service().vm_service(WEB).register(
        cluster=types.Cluster(name="west-cl1"),
        registration_configuration=types.RegistrationConfiguration(
            affinity_group_mappings=[
                types.RegistrationAffinityGroupMapping(
                    from_=types.AffinityGroup(name="front"), to=types.AffinityGroup(name="front-rec")
                )
            ],
            affinity_label_mappings=[
                types.RegistrationAffinityLabelMapping(
                    from_=types.AffinityLabel(name="licensed"), to=types.AffinityLabel(name="licensed-rec")
                )
            ],
        ),
    )
    assert [vm.id for vm in groups.list(follow="vms")[0].vms] == [WEB]
    assert [vm.id for vm in api2.affinity_labels_service().list(follow="vms")[0].vms] == [WEB]
    assert not [event for event in api2.events_service().list() if event.code == 1188]


def old_mapping(profile_id: str) -> str:
    names = (
        "<source_network_name>east-lan</source_network_name>"
        "<source_network_profile_name>east-lan</source_network_profile_name>"
    )
    mapping = f"<vnic_profile_mapping>{names}<target_vnic_profile id='{profile_id}'/></vnic_profile_mapping>"
    return f"<vnic_profile_mappings>{mapping}</vnic_profile_mappings>"


@pytest.mark.parametrize(("configuration", "profile"), [("", "west-lan"), ("<vnic_profile_mappings/>", None)])
def test_the_older_form_of_profile_mappings_counts_unless_the_newer_one_is_there(
    client2: Client, api2: SystemService, configuration: str, profile: str | None
) -> None:
    newer = f"<registration_configuration>{configuration}</registration_configuration>"
    reply = client2.post(REGISTER, f"<action>{CLUSTER}{newer}{old_mapping(LAN)}</action>")
    assert (reply.status, nic_profile(api2)) == (200, profile)


@pytest.mark.parametrize(
    "mappings",
    [
        "<vnic_profile_mappings/>",
        "<vnic_profile_mappings><vnic_profile_mapping><source_network_name>n</source_network_name>"
        "</vnic_profile_mapping></vnic_profile_mappings>",
    ],
)
def test_the_older_form_has_to_be_complete(client2: Client, mappings: str) -> None:
    reply = client2.post(REGISTER, f"<action>{CLUSTER}{mappings}</action>")
    assert (reply.status, reply.xml.tag, reply.xml.findtext("reason")) == (400, "fault", "Incomplete parameters")


def roles(*pairs: tuple[str, str]) -> str:
    items = [f"<registration_role_mapping>{a}{b}</registration_role_mapping>" for a, b in pairs]
    return f"<registration_configuration><role_mappings>{''.join(items)}</role_mappings></registration_configuration>"


FROM, TO = "<from><name>a</name></from>", "<to><name>b</name></to>"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (roles((FROM, TO), (FROM, TO)), 500),
        (roles((FROM, "<to/>")), 500),
        (roles((FROM, "")), 400),
        (roles(("", TO)), 400),
        ("<clone>false</clone><vm><name>other</name></vm>", 500),
        ("<clone>true</clone><vm/>", 200),
        ("<vm><name>ignored</name></vm>", 200),
        ("<exclusive>true</exclusive><registration_configuration/>", 200),
        (roles((FROM, TO)), 200),
    ],
)
@pytest.mark.conforms("workloads B.10")
def test_what_the_engine_stumbles_over(client2: Client, body: str, status: int) -> None:
    reply = client2.post(REGISTER, f"<action>{CLUSTER}{body}</action>")
    assert reply.status == status
    assert reply.headers["content-type"].startswith("text/html" if status == 500 else "application/xml")


def test_a_new_name_is_honoured(client2: Client, api2: SystemService) -> None:
    client2.post(REGISTER, f"<action>{CLUSTER}<name>web-drill</name></action>")
    assert api2.vms_service().vm_service(WEB).get().name == "web-drill"


@pytest.mark.conforms("workloads B.10")
def test_registering_again_is_a_conflict_and_an_unknown_id_an_internal_error(client2: Client) -> None:
    assert client2.post(REGISTER, f"<action>{CLUSTER}</action>").status == 200
    assert client2.post(REGISTER, f"<action>{CLUSTER}</action>").status == 409
    unknown = f"/storagedomains/{SD}/vms/{east('vm', 'nobody')}/register"
    assert client2.post(unknown, f"<action>{CLUSTER}</action>").status == 500


@pytest.mark.conforms("workloads 2.4")
def test_disks_nobody_knows_are_listed_and_registered(
    client2: Client, recovered: StorageDomainService, api2: SystemService
) -> None:
    disk_id = east("disk", "web_Disk1")
    found = client2.get(f"/storagedomains/{SD}/disks?unregistered=true").xml
    disk = next(one for one in found if one.get("id") == disk_id)
    assert disk.get("href") == f"{API}/disks/{disk_id}" and disk.find("actions") is None
    assert client2.get(f"/storagedomains/{SD}/disks/{disk_id}?unregistered=true").status == 200
    assert client2.get(f"/disks/{disk_id}").status == 404
    added = client2.post(f"/storagedomains/{SD}/disks?unregistered", f"<disk id='{disk_id}'><alias>w</alias></disk>")
    assert (added.status, added.xml.findtext("alias")) == (201, "w")
    assert added.headers["location"].endswith(f"{API}/disks/{disk_id}")
    assert client2.get(f"/storagedomains/{SD}/disks/{disk_id}?unregistered=true").status == 404
    other = east("disk", "base_Disk1")
    center = f"/datacenters/{west('data_center', 'west')}/storagedomains/{SD}"
    assert client2.post(f"{center}/disks/{other}/register").status == 200
    placed = client2.get(f"{center}/disks").xml
    assert {f"{API}/storagedomains/{SD}/disks/{one}" for one in (other, disk_id)} <= {one.get("href") for one in placed}


def test_lists_below_an_unknown_domain(client2: Client) -> None:
    nowhere = west("domain", "nowhere")
    assert len(client2.get(f"/storagedomains/{nowhere}/vms?unregistered=true").xml) == 0
    for kind in ("vms", "templates", "disks"):
        reply = client2.get(f"/storagedomains/{nowhere}/{kind}")
        assert (reply.status, reply.xml.tag) == (404, "fault")


def test_the_sdk_sees_a_refusal_as_its_error(recovered: StorageDomainService) -> None:
    with pytest.raises(ovirtsdk4.Error, match="Fault reason") as caught:
        recovered.vms_service().vm_service(WEB).register()
    assert (caught.value.code, caught.value.fault.reason) == (400, "Operation Failed")
