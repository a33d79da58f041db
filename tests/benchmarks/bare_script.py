# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit: a failover that sends only what nobody can do without, and judges nothing but the status of answers."""

from __future__ import annotations

import time
from xml.etree import ElementTree

from lost_site import LEFT, Domain, Load, networks
from measuring import Client, Site, at_once
from ovirt_simulator.scenario import identifier

_LOOK = 0.5


def fail_over(site: Site, load: Load, concurrency: int) -> None:
    """Log the hosts in, bring the domains in, register what lies on them, and start the VMs."""
    client = Client(site)
    logins = [(host, domain) for domain in load.lost if not domain.on_path for host in range(1, load.hosts + 1)]
    at_once(logins, lambda login: client.call(*_login(*login)), concurrency)
    at_once(load.lost, lambda domain: _bring_in(client, domain), concurrency)
    for kind in ("template", "vm"):
        entities = _waiting(client, load, kind)
        at_once(entities, lambda path: client.call("POST", f"{path}/register", _MAPPING), concurrency)
    vms = [path.rpartition("/")[2] for path in entities]
    at_once(vms, lambda vm: client.call("POST", f"vms/{vm}/start", "<action/>"), concurrency)


def _host(number: int) -> str:
    return identifier(LEFT, "host", f"west-h{number}")


def _login(host: int, domain: Domain) -> tuple[str, str, str]:
    place = f"<address>{domain.portal(LEFT)}</address><target>{domain.target(LEFT)}</target>"
    path = f"hosts/{_host(host)}/iscsilogin"
    return "POST", path, f"<action><iscsi>{place}</iscsi></action>"


def _bring_in(client: Client, domain: Domain) -> None:
    client.call("POST", "storagedomains", _import(domain))
    attached = f"datacenters/{identifier(LEFT, 'data_center', 'west')}/storagedomains"
    client.call("POST", attached, f'<storage_domain id="{domain.id}"/>')
    while b"<status>active</status>" not in client.call("GET", f"{attached}/{domain.id}"):
        time.sleep(_LOOK)


def _import(domain: Domain) -> str:
    common = f'<type>data</type><host id="{_host(1)}"/>'
    if domain.on_path:
        place = f"<type>nfs</type><address>{domain.server(LEFT)}</address><path>{domain.path}</path>"
        return f"<storage_domain>{common}<storage>{place}</storage></storage_domain>"
    storage = "<storage><type>iscsi</type></storage>"
    return f'<storage_domain id="{domain.id}"><import>true</import>{common}{storage}</storage_domain>'


def _waiting(client: Client, load: Load, kind: str) -> list[str]:
    lists = {domain: f"storagedomains/{domain.id}/{kind}s" for domain in load.lost}
    return [
        f"{path}/{item.attrib['id']}"
        for path in lists.values()
        for item in ElementTree.fromstring(client.call("GET", f"{path};unregistered"))
    ]


def _ends(here: str, there: str) -> str:
    ends = (
        f"<{tag}><name>{name}</name><network><name>{name}</name></network></{tag}>"
        for tag, name in (("from", here), ("to", there))
    )
    return f"<registration_vnic_profile_mapping>{''.join(ends)}</registration_vnic_profile_mapping>"


_MAPPING = (
    "<action><registration_configuration><cluster_mappings><registration_cluster_mapping><from><name>east-cl1</name></from>"
    "<to><name>west-cl1</name></to></registration_cluster_mapping></cluster_mappings>"
    f"<vnic_profile_mappings>{''.join(_ends(*pair) for pair in networks())}</vnic_profile_mappings>"
    "</registration_configuration></action>"
)
