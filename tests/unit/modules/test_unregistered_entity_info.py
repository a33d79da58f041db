# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits on the storage of a site that was lost, told over HTTPS from each source of documents."""

from __future__ import annotations

import pytest
import yaml
from sqlalchemy import select

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine import images
from ansible_collections.lifeboat.ovirt.plugins.module_utils.needs.manifest import write_manifest
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf import parsing
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.reader import read
from arrived_world import DOMAINS, LEDGER, MAPPING, arrive, source
from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import UpdateOvfStoreForStorageDomain
from ovirt_simulator.engine.transfers import ENDED, ImageTransfer, TicketUse
from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import simulated_sites

EVERYTHING = {"web", "thin", "ledger", "guest", "press", "golden", "golden-2", "loose"}


@pytest.fixture(scope="module")
def arrived():
    return arrive()


@pytest.fixture
def sites(arrived):
    with simulated_sites(arrived) as both:
        yield both


@pytest.fixture
def site(sites):
    return sites["secondary"]


@pytest.fixture
def manifest(site):
    """The manifest of what waits, as it would have been kept."""
    with site.engine.transaction() as context:
        texts = [row.ovf for row in context.db.scalars(select(schema.UnregisteredOvf))]
    return write_manifest((read(text) for text in texts), "2031-05-04T03:00:00+00:00")


@pytest.fixture
def look(play, site):
    def run(**params):
        options = {"storage_domains": list(DOMAINS), "mapping": MAPPING}
        return play("unregistered_entity_info", auth=site.auth, **{**options, **params})

    return run


def verdicts(result):
    return {one["name"]: one["verdict"] for one in result["entities"]}


def sources(result):
    return {one["name"]: one["source"] for one in result["entities"]}


def entity(result, name):
    return next(one for one in result["entities"] if one["name"] == name)


def codes(result, name):
    return {reason["code"] for reason in entity(result, name)["reasons"]}


def transfers(site):
    with site.engine.transaction() as context:
        return list(context.db.scalars(select(ImageTransfer)))


def test_without_documents_everything_is_unknown_and_nothing_is_written(look, site):
    result = look()
    assert verdicts(result).keys() > EVERYTHING and set(verdicts(result).values()) == {"unknown"}
    assert codes(result, "web") == {"no_document"} and entity(result, "web")["needs"] is None
    assert not result["changed"] and not result["groups_complete"] and result["groups"] == []
    assert not site.writes


def test_the_stores_on_the_domains_tell_everything(look, site):
    result = look(deep=True)
    assert sources(result) == {**dict.fromkeys(EVERYTHING, "ovf_store"), "loose": "api"}
    assert verdicts(result) == {**dict.fromkeys(EVERYTHING, "ready"), "web": "needs_mapping", "guest": "needs_mapping"}
    assert result["counts"] == {"ready": 6, "needs_mapping": 2, "incomplete": 0, "conflict": 0, "unknown": 0}
    needs = entity(result, "ledger")["needs"]
    assert (needs["luns"], needs["cluster"], needs["storage_domains"]) == ([LEDGER], "east-cl1", ["office"])
    assert result["groups_complete"] and not result["changed"]
    groups = [[one["name"] for one in group["storage_domains"]] for group in result["groups"]]
    assert groups == [["office", "shop"], ["plant"]], "the version of a template on one stands on its base on the other"
    assert transfers(site) and all(one.phase in ENDED for one in transfers(site))


def test_the_living_site_and_its_manifest_tell_the_same(look, play, sites, site):
    live = look(source_auth=sites["primary"].auth)
    assert set(sources(live).values()) == {"site", "api"}
    later = look(manifest_yaml=live["manifest"])
    assert set(sources(later).values()) == {"manifest", "api"}
    assert verdicts(later) == verdicts(live)
    assert yaml.safe_load(later["manifest"])["entities"] == yaml.safe_load(live["manifest"])["entities"]
    assert not site.writes and not sites["primary"].writes


def test_check_mode_leaves_the_stores_alone_and_says_unknown(look, site):
    result = look(deep=True, check=True)
    assert set(verdicts(result).values()) == {"unknown"}
    assert not site.writes and transfers(site) == []


def test_a_transfer_is_ended_although_its_host_does_not_answer(look, site):
    site.mishaps.add("GET", "/imagetransfers/{transfer}", "status", status=500, detail="[no]")
    result = look(deep=True, storage_domains=["plant"])
    assert verdicts(result)["press"] == "ready", "the other store of the domain is as good"
    assert len(transfers(site)) == 2 and all(one.phase in ENDED for one in transfers(site))


def test_a_store_that_cannot_be_read_is_a_warning_and_its_entities_unknown(look, site):
    with site.engine.transaction() as context:
        context.engine.image_server = None
    result = look(deep=True, storage_domains=["plant", "office"])
    assert set(verdicts(result).values()) == {"unknown"}
    assert {warning.split(" cannot")[0] for warning in result["warnings"]} == {
        "the OVF store of plant",
        "the OVF store of office",
    }
    assert all(one.phase in ENDED for one in transfers(site))


def test_a_domain_that_is_not_active_is_a_warning(look, site):
    with site.engine.transaction() as context:
        context.db.get_one(schema.StoragePoolIsoMap, source("plant", "domain")).status = "maintenance"
    result = look()
    assert "press" not in verdicts(result) and "web" in verdicts(result)
    assert result["warnings"] == ["what waits on plant is not known: it is maintenance"]


@pytest.mark.parametrize(
    ("params", "kind", "told"),
    [
        ({"storage_domains": ["nowhere"]}, "not_found", "storage domain nowhere"),
        ({"cluster": "nowhere"}, "not_found", "cluster nowhere"),
        ({"manifest_yaml": "version: 2"}, "invalid", "manifest_yaml: the document lacks the key entities"),
        (
            {"manifest_yaml": "{version: 1, entities: [{kind: vm, id: a, name: b, memory: much}]}"},
            "invalid",
            "manifest_yaml: entities[0].memory has to be a whole number",
        ),
    ],
)
def test_bad_input_is_named(look, site, params, kind, told):
    result = look(**params)
    assert result["error_kind"] == kind and told in result["msg"]
    assert not site.writes


def test_a_given_cluster_counts_before_the_mapping(look, manifest):
    result = look(manifest_yaml=manifest, storage_domains=["shop"], mapping={"version": 1}, cluster="west-cl1")
    assert codes(result, "thin") == {"vnic_profile", "mac_out_of_pool"}


def test_what_stands_on_a_template_that_is_refused_is_not_ready(look, site, manifest):
    cluster = identifier("secondary", "cluster", "west-cl1")
    with site.engine.transaction() as context:
        golden = {"name": "golden", "entity_type": "template", "cluster_id": cluster}
        context.db.add(schema.VmStatic(id="5f0c2f0e-0000-4000-8000-000000000001", **golden))
    result = look(manifest_yaml=manifest)
    assert codes(result, "golden") == {"name_taken"}
    assert "base_template" in codes(result, "golden-2") and "template" in codes(result, "thin")
    assert verdicts(result)["thin"] == "incomplete" and verdicts(result)["ledger"] == "ready"


def test_requests_grow_with_domains_and_clusters_only(look, site, manifest):
    look(manifest_yaml=manifest)
    assert len(site.requests) <= 6 * len(DOMAINS) + 30


class Deaf:
    """The image server of a host that cannot be reached."""

    def add(self, ticket, content):
        return "https://127.0.0.1:1/images"

    def use_of(self, ticket_id):
        return TicketUse(False, 0)

    def remove(self, ticket_id):
        return b""


def test_a_host_that_cannot_be_reached_is_told_and_its_transfers_are_ended(look, site):
    site.engine.image_server = Deaf()
    result = look(deep=True, storage_domains=["plant"])
    assert verdicts(result)["press"] == "unknown"
    [warning] = result["warnings"]
    assert warning.startswith("the OVF store of plant cannot be read") and "the host that serves its image" in warning
    assert len(transfers(site)) == 2 and all(one.phase in ENDED for one in transfers(site))


def test_a_transfer_whose_answer_was_lost_is_found_and_used(look, site):
    site.mishaps.add("POST", "/imagetransfers", "reset_after")
    assert verdicts(look(deep=True, storage_domains=["plant"]))["press"] == "ready"
    assert len(transfers(site)) == 2 and all(one.phase in ENDED for one in transfers(site))


def test_what_the_engine_leaves_out_of_its_list_is_found_in_the_store(look, site):
    plant = source("plant", "domain")
    with site.engine.transaction() as context:
        row = context.db.get_one(schema.UnregisteredOvf, (source("press"), plant))
        row.ovf = row.ovf.replace("<Priority>1<", "<Priority>high<")
    site.engine.execute(UpdateOvfStoreForStorageDomain(plant))
    site.engine.settle()
    result = look(deep=True, storage_domains=["plant"])
    press = next(one for one in result["entities"] if one["id"] == source("press"))
    assert press["verdict"] == "incomplete" and "Priority is no number" in press["reasons"][0]["text"]
    assert not result["groups_complete"]


@pytest.mark.parametrize(("module", "library"), [(images, "ovirt-imageio"), (parsing, "lxml")])
def test_a_library_that_is_missing_is_named(look, monkeypatch, site, module, library):
    monkeypatch.setattr(module, "IMPORT_TRACE", f"Traceback: No module named '{library}'")
    result = look(deep=True, storage_domains=["plant"])
    assert result["error_kind"] == "invalid" and library in result["msg"]
    assert all(one.phase in ENDED for one in transfers(site))
