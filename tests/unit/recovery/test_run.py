# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan and a direction become the options of the modules that carry the recovery out."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.recovery.plan import Direction, Plan
from ansible_collections.lifeboat.ovirt.plugins.module_utils.recovery.run import run_of
from recovery_plans import VAULT, changed, read

THERE = Direction("primary", "secondary")
BACK = Direction("secondary", "primary")


def test_domains_are_always_imported_as_backup_domains() -> None:
    run = run_of(read(), THERE)
    assert [(one["name"], one["backup"]) for one in run["storage_domains"]] == [("vault", True), ("nfs-vault", True)]


def test_only_what_is_no_backup_domain_at_the_target_is_promoted_and_the_rest_restored() -> None:
    run = run_of(read(), THERE)
    [restore] = run["restore"]
    assert run["promote"] == [VAULT]
    assert (restore["to"], restore["method"]) == ("west-data", "move")


def test_a_group_whose_domain_is_a_backup_domain_at_one_site_only_is_promoted_at_the_other() -> None:
    document = changed("groups", "files", "domains", "nfs-vault", "sites", "primary", "backup", to=False)
    assert (len(run_of(read(document), BACK)["promote"]), len(run_of(read(document), THERE)["promote"])) == (2, 1)


def test_every_target_is_tried_over_every_portal_of_its_array_once() -> None:
    assert run_of(read(), BACK, ["shop"])["targets"] == [
        {"target": "iqn.2031-05.test.array-a:vault", "address": "10.10.1.10", "port": 3260},
        {"target": "iqn.2031-05.test.array-a:vault", "address": "10.10.1.11", "port": 3261},
    ]


def test_the_way_back_turns_the_mapping_round() -> None:
    back = run_of(read(), BACK)["mapping"]
    assert back["clusters"] == [{"source": "west-cl1", "target": "east-cl1"}]
    assert back["vnic_profiles"][0]["target"] == {"network": "east-lan", "profile": "east-lan"}


def test_a_mapping_of_its_own_wins_over_the_other_one_turned_round() -> None:
    mappings = [*read_mappings(), {"from": "secondary", "to": "primary", "clusters": []}]
    assert "clusters" not in run_of(read(changed("mappings", to=mappings)), BACK)["mapping"]


def read_mappings() -> list[object]:
    return list(changed("version", to=1)["mappings"])


def test_a_group_with_a_selection_is_registered_apart_from_those_that_take_everything() -> None:
    [everything, chosen] = run_of(read(), THERE)["registrations"]
    assert (everything["storage_domains"], "vms" in everything) == ([VAULT], False)
    assert chosen["vms"] == ["app"]


def test_a_search_needs_what_it_found_while_the_site_was_alive() -> None:
    plan = read(changed("groups", "files", "vms", to={"search": "tag=dr"}))
    with pytest.raises(EngineError, match="groups.files.vms is a search"):
        run_of(plan, THERE)
    assert run_of(plan, THERE, found={"files": ["b", "a"]})["registrations"][1]["vms"] == ["a", "b"]


def test_boot_groups_carry_the_name_of_their_protection_group() -> None:
    run = run_of(read(), THERE)
    assert [one["name"] for one in run["boot_groups"]] == ["shop: databases", "shop: group 2"]
    assert run["boot_groups"][0]["ready"] == "agent" and run["boot_groups"][1]["port"] == 443
    assert run["dependencies"] == {"web": ["db"]}


def test_the_run_fails_on_error_unless_all_its_groups_only_warn() -> None:
    plan = read()
    assert [run_of(plan, THERE, names)["on_error"] for names in ([], ["shop"], ["files"])] == ["fail", "fail", "warn"]


def test_hooks_lie_beside_the_plan() -> None:
    assert run_of(read(), THERE)["hooks"] == {
        "before": {"boot": "/etc/dr/hooks/dns.yml"},
        "after": {},
        "fence": "/etc/dr/hooks/fence.yml",
    }


@pytest.mark.parametrize(
    ("direction", "names", "says"),
    [
        (Direction("primary", "primary"), [], "source and target are both primary"),
        (Direction("primary", "third"), [], "plan erp has no site third"),
        (THERE, ["shops"], "plan erp has no group shops"),
    ],
)
def test_a_direction_or_group_that_the_plan_does_not_have_is_refused(
    direction: Direction, names: list[str], says: str
) -> None:
    with pytest.raises(EngineError, match=says):
        run_of(read(), direction, names)


def test_a_site_that_a_domain_says_nothing_of_is_refused() -> None:
    document = changed("sites", "third", to={"data_center": "south"})
    with pytest.raises(EngineError, match=r"groups\.shop\.domains\.vault\.sites says nothing of third"):
        run_of(read(document), Direction("primary", "third"))


def test_of_several_clusters_that_became_one_the_first_is_where_the_way_back_leads() -> None:
    clusters = [{"source": name, "target": "west-cl1"} for name in ("east-cl1", "east-cl2")]
    back = run_of(read(changed("mappings", 0, "clusters", to=clusters)), BACK)["mapping"]
    assert back["clusters"] == [{"source": "west-cl1", "target": "east-cl1"}]


def test_nics_without_a_profile_are_no_target_of_the_way_back() -> None:
    profiles = [{"source": {}, "target": {"network": "west-lan", "profile": "west-lan"}}]
    back = run_of(read(changed("mappings", 0, "vnic_profiles", to=profiles)), BACK)["mapping"]
    assert "vnic_profiles" not in back


def test_restored_vms_without_a_boot_group_are_shut_down_by_name_before_they_go_back() -> None:
    back = run_of(read(), BACK, procedure="failback")
    assert [(one["name"], one["vms"]) for one in back["boot_groups"]][-1] == ("files: without a boot group", ["app"])
    assert all("app" not in one["vms"] for one in run_of(read(), BACK)["boot_groups"])


def test_what_starts_lies_on_the_domains_of_the_plan_or_where_vms_are_restored_to() -> None:
    assert run_of(read(), THERE)["named_on"] == [*run_of(read(), THERE)["storage_domain_ids"], "west-data"]
    assert "west-data" not in run_of(with_copies(), THERE, procedure="drill")["named_on"]


@pytest.mark.parametrize(
    ("direction", "says"),
    [(THERE, "which of the copies at secondary has to start"), (BACK, "the copies at secondary cannot be told from")],
)
def test_only_a_failover_restores_by_copies(direction: Direction, says: str) -> None:
    document = changed("groups", "files", "restore", to={"method": "copy", "to": {"secondary": "west-data"}})
    document["groups"]["files"]["domains"]["nfs-vault"]["sites"]["primary"]["backup"] = False
    plan = read(document)
    assert run_of(plan, THERE)["restore"][0]["method"] == "copy"
    for procedure in ("planned_migration", "failback"):
        with pytest.raises(EngineError, match=says):
            run_of(plan, direction, procedure=procedure)


def with_copies() -> Plan:
    return read(changed("hooks", to={"present_copies": "hooks/copies.yml"}))


def test_a_drill_without_a_word_on_copies_is_refused() -> None:
    with pytest.raises(EngineError, match="does not say where secondary finds a copy of the storage domain vault"):
        run_of(read(), THERE, procedure="drill")
    assert run_of(with_copies(), THERE, procedure="drill")["storage_domains"][0]["name"] == "vault-drill"


def test_a_drill_on_the_path_of_the_original_is_refused_whatever_presents_copies() -> None:
    document = changed("hooks", to={"present_copies": "hooks/copies.yml"})
    placements = document["groups"]["files"]["domains"]["nfs-vault"]["sites"]
    placements["secondary"] = {**placements["primary"], "nfs_version": "v4"}
    with pytest.raises(EngineError, match=r"at nfs\.array-a\.test:/vault, where primary has the storage itself"):
        run_of(read(document), THERE, procedure="drill")
    placements["secondary"]["drill"] = {"address": "nfs.array-a.test", "path": "/snapshots/vault"}
    run = run_of(read(document), THERE, procedure="drill")
    assert run["storage_domains"][1]["path"] == "/snapshots/vault"
    assert run["copies_at"] == {run["storage_domains"][1]["id"]: "nfs.array-a.test:/snapshots/vault"}


def test_a_place_that_is_also_the_domains_own_tells_no_copy() -> None:
    document = changed("hooks", to={"present_copies": "hooks/copies.yml"})
    placements = document["groups"]["files"]["domains"]["nfs-vault"]["sites"]
    placements["secondary"]["drill"] = {key: placements["secondary"][key] for key in ("address", "path")}
    assert run_of(read(document), THERE, procedure="drill")["copies_at"] == {}
