# SPDX-License-Identifier: GPL-3.0-or-later
"""A storage domain of each type goes from one site to the other and back, over storage that the hosts of both reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ovirt_simulator import scenario as spec
from ovirt_simulator.engine import schema
from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import Sites, simulated_sites

TARGET = "iqn.2031-05.test.array-s:travel"
PORTAL = {"address": "10.30.1.10", "port": 3260}
SERVER = "files.array-s.test"
FILES = {"nfs": {}, "glusterfs": {}, "posixfs": {"vfs_type": "xfs"}}
KINDS = ["iscsi", "fcp", *FILES]
SETTINGS = {"wipe_after_delete": True, "warning_low_space_indicator": 6, "critical_space_action_blocker": 2}


def site(name: str, center: str, *domains: spec.Domain) -> spec.Site:
    cluster = spec.Cluster(f"{center}-cl1", [f"{center}-h1", f"{center}-h2"])
    master = spec.Domain(f"{center}-data", f"{center}-data", center, master=True)
    number = "0a" if center == "east" else "0b"
    mac_range = [f"56:6f:{number}:00:00:00", f"56:6f:{number}:00:00:ff"]
    return spec.Site(name, mac_range, [spec.DataCenter(center, [cluster])], [master, *domains])


def world() -> spec.Scenario:
    units = {
        "iscsi": spec.Unit("3600a0980000000000000000000000e01", 10, TARGET),
        "fcp": spec.Unit("3600a0980000000000000000000000e02", 10, zoned_sites=["primary", "secondary"]),
    }
    volumes = [spec.Volume(kind, [unit]) for kind, unit in units.items()]
    volumes += [spec.Volume(kind, export=spec.Export(f"/{kind}", 10, SERVER, kind)) for kind in FILES]
    volumes += [
        spec.Volume(f"{center}-data", export=spec.Export(f"/{center}-data", 10, SERVER)) for center in ("east", "west")
    ]
    array = spec.Array("array-s", [spec.Portal(**PORTAL)], [spec.Target(TARGET)], volumes)
    domains = [spec.Domain(f"travel-{kind}", kind, "east") for kind in KINDS]
    return spec.Scenario([array], [], [site("primary", "east", *domains), site("secondary", "west")])


@pytest.fixture
def sites() -> Iterator[Sites]:
    with simulated_sites(world()) as both:
        yield both


def domain_id(kind: str) -> str:
    return identifier("primary", "domain", f"travel-{kind}")


def wanted(kind: str, **options):
    place = {"address": SERVER, "path": f"/{kind}", **FILES[kind]} if kind in FILES else {}
    return {"id": domain_id(kind), "storage_type": kind, **place, **options}


def release(play, engine, kind: str, state: str = "removed", check: bool = False):
    options = {"storage_domains": [domain_id(kind)], "state": state, "poll_interval": 0.01}
    return play("storage_domain_state", auth=engine.auth, check=check, **options)


def let_go(play, engine, kind: str, before: str, after: str) -> None:
    """Let the domain go one state further: predicted in check mode, done once, and the second time nothing."""
    sent = len(engine.writes)
    predicted = release(play, engine, kind, after, check=True)
    assert predicted["changed"] and len(engine.writes) == sent
    name = stored(engine, kind).name
    done = release(play, engine, kind, after)
    assert done["diff"] == predicted["diff"] == {"before": {name: before}, "after": {name: after}}
    assert done["counts"]["succeeded"] == 1
    sent = len(engine.writes)
    again = release(play, engine, kind, after)
    assert not again["changed"] and again["counts"]["skipped"] == 1 and len(engine.writes) == sent


def bring_in(play, engine, center: str, kind: str, check: bool = False, **options):
    domains = [wanted(kind, **options)]
    call = {"data_center": center, "storage_domains": domains, "poll_interval": 0.01}
    return play("storage_domain_import", auth=engine.auth, check=check, **call)


def discover(play, engine, kind: str):
    """Find the domain, after a login where there is something to log in to."""
    targets = []
    if kind == "iscsi":
        found = play("iscsi_target_info", auth=engine.auth, data_center="west", portals=[PORTAL])
        targets = [one for one in found["iscsi_targets"] if one["target"] == TARGET]
        assert play("iscsi_login", auth=engine.auth, data_center="west", targets=targets)["changed"]
    options = {"data_center": "west", "storage_type": kind, "targets": targets}
    found = play("unregistered_storage_domain_info", auth=engine.auth, **options)
    assert [(one["id"], one["storage_type"]) for one in found["storage_domains"]] == [(domain_id(kind), kind)]


def stored(engine, kind: str) -> schema.StorageDomainStatic | None:
    with engine.engine.transaction() as context:
        return context.db.get(schema.StorageDomainStatic, domain_id(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_domain_of_every_type_goes_to_the_other_site_and_back(play, sites, kind):
    primary, secondary = sites["primary"], sites["secondary"]
    assert release(play, primary, kind)["changed"] and stored(primary, kind) is None
    if kind not in FILES:
        discover(play, secondary, kind)

    before = len(secondary.writes)
    predicted = bring_in(play, secondary, "west", kind, check=True, backup=True, **SETTINGS)
    assert predicted["changed"] and len(secondary.writes) == before and stored(secondary, kind) is None

    made = bring_in(play, secondary, "west", kind, backup=True, **SETTINGS)
    assert made["changed"] and made["diff"] == predicted["diff"]
    assert made["diff"]["before"] == {domain_id(kind): "unknown to the engine"}
    assert made["diff"]["after"] == {domain_id(kind): "active"}
    row = stored(secondary, kind)
    assert (row.backup, row.storage_type, row.mapping.status) == (True, kind, "active")
    assert {key: getattr(row, key) for key in SETTINGS} == SETTINGS

    before = len(secondary.writes)
    again = bring_in(play, secondary, "west", kind, backup=True, **SETTINGS)
    assert not again["changed"] and again["counts"]["skipped"] == 1 and len(secondary.writes) == before

    let_go(play, secondary, kind, "active", "unattached")
    let_go(play, secondary, kind, "unattached", "removed")
    assert stored(secondary, kind) is None
    assert bring_in(play, primary, "east", kind)["changed"]
    row = stored(primary, kind)
    assert (row.name, row.backup, row.mapping.status) == (f"travel-{kind}", False, "active")
