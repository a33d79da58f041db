# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files, and the world that the default one makes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ovirt_simulator import scenario
from ovirt_simulator.database import open_database
from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import FailHosts
from ovirt_simulator.engine.ovf_documents import document_of
from ovirt_simulator.engine.runtime import Engine
from ovirt_simulator.ovf.document import User
from ovirt_simulator.profiles import PROFILES
from ovirt_simulator.scenario import ScenarioError
from ovirt_simulator.storage import schema as stored
from ovirt_simulator.storage.fabric import Storage
from simulated_world import World


def written(path: Path, document: object) -> Path:
    target = path / "world.yml"
    target.write_text(yaml.safe_dump(document), encoding="utf-8")
    return target


WRONG: dict[str, object] = {
    "world.yml: a mapping is expected": [],
    "world.yml: unknown key array": {"array": []},
    "world.yml.sites: a list is expected": {"sites": {}},
    "world.yml.sites[0]: mac_range is missing": {"sites": [{"name": "one"}]},
    "world.yml.arrays[0].portals[0].port: int is expected": {
        "arrays": [{"name": "a", "portals": [{"address": "x", "port": "3260"}]}]
    },
    "world.yml.arrays[0].portals[0].port: int": {
        "arrays": [{"name": "a", "portals": [{"address": "x", "port": True}]}]
    },
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_file_is_told_where(tmp_path: Path, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario.load(written(tmp_path, WRONG[message]))
    assert message in str(caught.value)


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.yml"
    path.write_text("sites: [", encoding="utf-8")
    with pytest.raises(ScenarioError, match="broken.yml"):
        scenario.load(path)


def test_identifiers_follow_from_site_kind_and_name(world: World) -> None:
    assert scenario.identifier("primary", "vm", "web") == scenario.identifier("primary", "vm", "web")
    assert scenario.identifier("primary", "vm", "web") != scenario.identifier("secondary", "vm", "web")
    assert world.primary.vm("web").name == "web"


def test_the_default_world_is_at_work(world: World) -> None:
    for site in (world.primary, world.secondary):
        assert site.pool_status() == "up"
        with site.look() as context:
            rows = context.db.query(schema.StorageDomainStatic).all()
            assert {row.mapping.status for row in rows if row.mapping} == {"active"}
            assert not any(row.backup for row in rows)
            hosts = context.db.query(schema.Vds).order_by(schema.Vds.name).all()
            assert [host.spm_status for host in hosts] == ["spm", "none"]
            assert context.db.get_one(schema.VmStatic, schema.BLANK_TEMPLATE).name == "Blank"
            assert context.db.query(schema.Event).count() >= 1
    assert world.primary.vm("web").guest_address == "192.0.2.11"


def test_the_secondary_site_knows_nothing_of_array_b_but_its_own_domain(world: World) -> None:
    fabric = world.storage.open("secondary", 0.0)
    assert fabric.devices(world.secondary.id("host", "west-h1")) == []
    fabric.close(commit=False)
    with world.secondary.look() as context:
        assert [row.name for row in context.db.query(schema.StorageDomainStatic)] == ["west-data"]


def test_thin_disks_lie_on_their_templates_volume(world: World) -> None:
    image = world.primary.row(schema.Image, "image", "thin1_Disk1")
    assert image.template_image_id == world.primary.id("image", "golden_Disk1")


def test_a_world_in_files_survives_the_processes_that_made_it(tmp_path: Path) -> None:
    def start() -> Engine:
        storage = Storage(open_database(tmp_path / "arrays.db", stored.Base.metadata))
        database = open_database(tmp_path / "primary.db", schema.Base.metadata)
        return Engine("primary", database, storage, PROFILES["instant"])

    engine = start()
    scenario.load(scenario.DEFAULT).build(engine.storage, {"primary": engine})
    host = scenario.identifier("primary", "host", "east-h1")
    engine.execute(FailHosts([host]))
    with start().transaction() as context:
        assert context.db.get_one(schema.Vds, host).status == "non_responsive"
        assert context.storage.devices(host) == []


def test_a_scenario_has_users_their_roles_groups_and_labels() -> None:
    document = yaml.safe_load(scenario.DEFAULT.read_text(encoding="utf-8"))
    site = document["sites"][0]
    site["users"] = ["ops@internal"]
    site["vms"][0]["permissions"] = [{"user": "ops@internal", "role": "UserRole"}]
    site["affinity_groups"] = [{"name": "front", "cluster": "east-cl1", "vms": ["web", "db"]}]
    site["affinity_labels"] = [{"name": "licensed", "vms": ["web"], "hosts": ["east-h1"]}]
    plan = scenario.decode(document)
    storage = Storage(open_database(None, stored.Base.metadata))
    engine = Engine("primary", open_database(None, schema.Base.metadata), storage, PROFILES["instant"])
    plan.build(storage, {"primary": engine})
    with engine.transaction() as context:
        web = document_of(context, context.db.get_one(schema.VmStatic, scenario.identifier("primary", "vm", "web")))
    assert (web.affinity_groups, web.affinity_labels) == (("front",), ("licensed",))
    assert web.users == (User("ops@internal-authz", ("UserRole",)),)
