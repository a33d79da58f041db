# SPDX-License-Identifier: GPL-3.0-or-later
"""From an export domain to a backup domain over HTTPS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exported import SCENARIO, id_of
from ovirt_simulator.engine import domains, schema
from ovirt_simulator.engine.commands import AttachStorageDomainToPool, DeactivateStorageDomainWithOvfUpdate
from ovirt_simulator.engine.commands.domain_deactivate import DetachStorageDomainFromPool
from ovirt_simulator.site import SimulatedSite, simulated_sites

IMPORT = "/storagedomains/{domain}/vms/{vm}/import"


@pytest.fixture
def attic() -> Iterator[SimulatedSite]:
    """The small site with an export domain."""
    with simulated_sites(SCENARIO) as sites:
        yield sites["only"]


def convert(play, site, **params):
    options = {"export_domain": "attic", "storage_domain": "vault", "poll_interval": 0.01, **params}
    return play("export_domain_conversion", auth=site.auth, **options)


def outcomes(result):
    return {one["name"]: one["outcome"] for one in result["entities"]}


def change(site, work):
    with site.engine.transaction() as context:
        work(context)


def rows(site):
    """Return status and template of each VM and template, the blank one left out."""
    with site.engine.transaction() as context:
        found = context.db.query(schema.VmStatic).filter(schema.VmStatic.id != schema.BLANK_TEMPLATE)
        return {row.name: (row.status, row.template_id) for row in found}


def imports(site):
    return [entry.path for entry in site.writes if entry.path.endswith("/import")]


def test_templates_come_before_what_stands_on_them_and_the_ovf_stores_are_written_last(play, attic):
    result = convert(play, attic)
    assert result["counts"]["succeeded"] == 4 and result["retirable"]
    assert result["diff"]["after"] == {"vault": ["golden", "layered", "plain", "thin"]}
    paths = [entry.path for entry in attic.writes]
    assert "/templates/" in paths[0] and paths[-1].endswith(f"{id_of('domain', 'vault')}/updateovfstore")
    assert rows(attic)["thin"] == ("down", id_of("template", "golden"))
    [warning] = result["warnings"]
    assert "VM layered came with the memory of snapshots" in warning
    again = convert(play, attic)
    assert not again["changed"] and again["retirable"] and again["counts"]["skipped"] == 4
    [written] = attic.writes[len(paths) :]
    assert written.path.endswith("/updateovfstore"), "nobody can see whether the first run got so far"


def test_check_mode_predicts_and_sends_no_write(play, attic):
    result = convert(play, attic, check=True)
    assert result["changed"] and result["retirable"]
    assert result["diff"]["before"] == {"vault": []} and len(result["diff"]["after"]["vault"]) == 4
    assert not attic.writes


def test_a_taken_name_keeps_one_out_until_it_gets_another(play, attic):
    change(attic, lambda context: setattr(context.db.get_one(schema.VmStatic, id_of("vm", "here")), "name", "plain"))
    first = convert(play, attic)
    assert outcomes(first) == {"golden": "succeeded", "thin": "succeeded", "layered": "succeeded", "plain": "failed"}
    [failed] = [one for one in first["entities"] if one["outcome"] == "failed"]
    assert "name plain" in failed["reason"] and "names" in failed["remedy"]
    second = convert(play, attic, names={"plain": "plain-old"})
    assert outcomes(second)["plain"] == "succeeded" and second["retirable"]
    assert "plain-old" in rows(attic)
    assert not convert(play, attic, names={"plain": "plain-old"})["changed"]


def test_the_copy_of_what_is_in_use_elsewhere_comes_as_a_clone_under_another_name(play, attic):
    convert(play, attic, storage_domain="data", allow_non_backup=True)
    first = convert(play, attic)
    assert set(outcomes(first).values()) == {"failed"} and "disks on data" in first["msg"]
    names = {name: f"{name}-old" for name in ("golden", "layered", "plain", "thin")}
    second = convert(play, attic, names=names)
    assert second["counts"]["succeeded"] == 4 and second["retirable"], second
    assert rows(attic)["thin-old"] == ("down", schema.BLANK_TEMPLATE) and len(rows(attic)) == 9
    before = imports(attic)
    third = convert(play, attic, names=names)
    assert not third["changed"] and third["retirable"] and imports(attic) == before


def test_a_partial_result_can_be_reported_instead_of_failing(play, attic):
    attic.mishaps.add("POST", IMPORT, "status", status=409, detail="[no]", at=1, times=0)
    result = convert(play, attic, on_partial="report")
    assert not result.get("failed") and result["error_kind"] == "partial" and result["counts"]["failed"] == 3
    assert all(one["reason"] and one["remedy"] for one in result["entities"] if one["outcome"] == "failed")


def test_vms_come_without_snapshots_and_templates_if_that_is_wanted(play, attic):
    result = convert(play, attic, collapse_snapshots=True, exclude=["golden"])
    assert outcomes(result)["golden"] == "skipped" and not result["retirable"] and not result.get("warnings")
    assert rows(attic)["thin"] == ("down", schema.BLANK_TEMPLATE)


def test_a_template_that_fails_keeps_its_vms_out_without_a_request(play, attic):
    def lose(context):
        domains.contents_of(context, domains.find(context, id_of("domain", "attic"))).remove_disk(
            id_of("disk", "golden_Disk1")
        )

    change(attic, lose)
    result = convert(play, attic)
    reasons = {one["name"]: one["reason"] for one in result["entities"]}
    assert "has removed it again" in reasons["golden"] and reasons["thin"].startswith("not tried")
    assert len(imports(attic)) == 3, "the thin one is not asked for"


def test_space_is_looked_at_for_all_before_anything_is_copied(play, attic):
    vault = id_of("domain", "vault")
    change(attic, lambda context: setattr(domains.find(context, vault), "available", 12 << 30))
    result = convert(play, attic)
    assert result["error_kind"] == "rejected" and "12 GiB free" in result["msg"] and result["remedy"]
    assert not attic.writes


def test_what_lies_on_the_target_unregistered_is_not_brought_again(play, attic):
    convert(play, attic)
    vault, pool = id_of("domain", "vault"), id_of("data_center", "south")
    for command in (DeactivateStorageDomainWithOvfUpdate, DetachStorageDomainFromPool, AttachStorageDomainToPool):
        attic.engine.execute(command(vault, pool))
        attic.engine.settle()
    attic.requests.clear()
    result = convert(play, attic)
    assert set(outcomes(result).values()) == {"skipped"} and result["retirable"]
    assert not imports(attic)


def test_stores_that_are_not_written_are_told_beside_what_came(play, attic):
    attic.mishaps.add("POST", "/storagedomains/{id}/updateovfstore", "status", status=400, detail="[no]")
    result = convert(play, attic)
    assert result["error_kind"] == "partial" and not result["retirable"]
    assert outcomes(result)["vault"] == "failed" and result["counts"]["succeeded"] == 4


BAD = [
    ({"export_domain": "nowhere"}, "not_found", "nowhere"),
    ({"export_domain": "data"}, "invalid", "export_domain"),
    ({"storage_domain": "attic"}, "rejected", "of type export"),
    ({"storage_domain": "data"}, "rejected", "not a backup domain"),
    ({"cluster": "elsewhere-cl1"}, "invalid", "cluster"),
    ({"cluster": "nowhere"}, "not_found", "nowhere"),
    ({"names": {"nobody": "x"}}, "invalid", "names"),
    ({"names": {"plain": 5}}, "invalid", "names"),
    ({"names": {"plain": ""}}, "invalid", "name"),
    ({"exclude": ["nobody"]}, "invalid", "exclude"),
]


def test_bad_input_is_named_and_changes_nothing(play, attic):
    for given, kind, told in BAD:
        result = convert(play, attic, **given)
        assert (result["error_kind"], told in result["msg"]) == (kind, True), result["msg"]
        assert result["remedy"]
    assert not attic.writes


def test_an_export_domain_that_is_not_active_is_told(play, attic):
    attic.engine.execute(DeactivateStorageDomainWithOvfUpdate(id_of("domain", "attic"), id_of("data_center", "south")))
    attic.engine.settle()
    result = convert(play, attic)
    assert result["error_kind"] == "rejected" and "attic is maintenance" in result["msg"] and not attic.writes
