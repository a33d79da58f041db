# SPDX-License-Identifier: GPL-3.0-or-later
"""Each mistake in a recovery plan has its own message, which begins with the place in the file."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from recovery_plans import PLAN, VAULT, changed, read

SHOP = ("groups", "shop")
VAULT_AT = (*SHOP, "domains", "vault")
AT_PRIMARY = (*VAULT_AT, "sites", "primary")


def _vault_in_files(name: str) -> dict[str, Any]:
    document = copy.deepcopy(PLAN)
    document["groups"]["files"]["domains"][name] = copy.deepcopy(PLAN["groups"]["shop"]["domains"]["vault"])
    document["groups"]["files"]["domains"][name]["id"] = VAULT if name != "vault" else VAULT.replace("4", "5")
    return document


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown key": (changed("group", to={}), "group is not known"),
    "an unknown key deep inside": (
        changed(*AT_PRIMARY, "portals", 1, "prot", to=1),
        "groups.shop.domains.vault.sites.primary.portals[1].prot is not known",
    ),
    "a wrong type": (
        changed(*SHOP, "boot", 0, "timeout", to="300"),
        "groups.shop.boot[0].timeout has to be a whole number",
    ),
    "a list for a mapping": (changed("groups", to=[]), "groups has to be a mapping, not a list"),
    "another version": (changed("version", to=2), "version has to be 1"),
    "no version": (changed("version"), "the document lacks the key version"),
    "one site only": (changed("sites", to={"primary": {"data_center": "east"}}), "sites has to name two sites"),
    "no group": (changed("groups", to={}), "groups names no protection group"),
    "an id that is no UUID": (changed(*VAULT_AT, "id", to="vault"), "groups.shop.domains.vault.id has to be a UUID"),
    "a local domain": (
        changed(*AT_PRIMARY, "storage_type", to="localfs"),
        "groups.shop.domains.vault.sites.primary.storage_type has to be one of iscsi, fcp, nfs",
    ),
    "an address for iSCSI": (
        changed(*AT_PRIMARY, "address", to="x"),
        "groups.shop.domains.vault.sites.primary.address is not known",
    ),
    "no target for iSCSI": (
        changed(*AT_PRIMARY, "targets"),
        "groups.shop.domains.vault.sites.primary lacks the key targets",
    ),
    "a site that is none": (
        changed(*VAULT_AT, "sites", "third", to={}),
        "groups.shop.domains.vault.sites.third is no site of the plan",
    ),
    "a domain at one site": (
        changed(*VAULT_AT, "sites", "secondary"),
        "groups.shop.domains.vault.sites has to name two",
    ),
    "a domain in two groups by its name": (
        _vault_in_files("vault"),
        "groups.files.domains.vault is in groups.shop already",
    ),
    "a domain in two groups by its id": (
        _vault_in_files("other"),
        "groups.files.domains.other is in groups.shop already",
    ),
    "a VM in two groups": (
        changed("groups", "files", "vms", to={"names": ["app", "web"]}),
        "groups.files.vms.names[1] is VM web, which is in groups.shop already",
    ),
    "a VM in two boot groups": (
        changed(*SHOP, "boot", 1, "vms", to=["web", "db"]),
        "groups.shop.boot[1].vms[1] is VM db, which groups.shop.boot[0].vms[0] names already",
    ),
    "a VM that boots but is not selected": (
        changed(*SHOP, "vms", to={"names": ["db"]}),
        "groups.shop.boot[1].vms[0] is VM web, which groups.shop.vms does not select",
    ),
    "names and a search": (changed(*SHOP, "vms", to={"names": ["db"], "search": "x"}), "groups.shop.vms needs one of"),
    "a dependency on nobody": (
        changed(*SHOP, "dependencies", "web", to=["ghost"]),
        "groups.shop.dependencies.web[0] is VM ghost, which no boot group of shop starts",
    ),
    "a dependency of nobody": (
        changed(*SHOP, "dependencies", to={"ghost": ["db"]}),
        "groups.shop.dependencies.ghost is VM ghost, which no boot group of shop starts",
    ),
    "a dependency on a later boot group": (
        changed(*SHOP, "dependencies", to={"db": ["web"]}),
        "groups.shop.dependencies.db needs web, which a later boot group starts",
    ),
    "a circle": (
        {
            **PLAN,
            "groups": {
                "shop": {
                    **PLAN["groups"]["shop"],
                    "boot": [{"vms": ["db", "web"]}],
                    "dependencies": {"db": ["web"], "web": ["db"]},
                }
            },
        },
        "groups.shop.dependencies goes round in a circle: ",
    ),
    "tcp without a port": (changed(*SHOP, "boot", 1, "port"), "groups.shop.boot[1] needs a port where ready is tcp"),
    "a mapping without a target": (
        changed("mappings", 0, "clusters", 0, "target", to=""),
        "mappings[0] leaves undecided what takes the place of clusters: east-cl1",
    ),
    "a mapping to nowhere": (
        changed("mappings", 0, "to", to="third"),
        "mappings[0].to has to be one of primary, secondary",
    ),
    "a mapping of an unknown kind": (changed("mappings", 0, "hosts", to=[]), "mappings[0].hosts is not known"),
    "a restore without a place": (
        changed("groups", "files", "restore", "to", "secondary"),
        "groups.files.domains.nfs-vault.sites.secondary is a backup domain, from which no VM may run",
    ),
    "a hook for no phase": (changed("hooks", "before", to={"lunch": "x"}), "hooks.before.lunch is not known"),
    "a secret": (
        changed(*AT_PRIMARY, "password", to="x"),
        "groups.shop.domains.vault.sites.primary.password is not known",
    ),
}


def test_the_plan_without_a_mistake_is_read() -> None:
    assert set(read().groups) == {"shop", "files"}


@pytest.mark.parametrize(("document", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_place(document: dict[str, Any], says: str) -> None:
    with pytest.raises(EngineError) as caught:
        read(document)
    assert caught.value.kind == "invalid"
    assert str(caught.value).startswith(f"/etc/dr/plan.yml: {says}")


def test_all_messages_differ() -> None:
    assert len({says for _document, says in MISTAKES.values()}) == len(MISTAKES)


def test_a_password_of_a_direct_lun_is_refused() -> None:
    luns = [{"source": {"id": "36"}, "target": {"id": "37", "password": "x"}}]
    with pytest.raises(EngineError, match=r"mappings\[0\]\.luns\[0\]\.target\.password is a secret"):
        read(changed("mappings", 0, "luns", to=luns))


def test_a_plan_of_ten_thousand_vms_is_read_in_seconds() -> None:
    names = [f"vm-{number:05}" for number in range(10_000)]
    document = changed(*SHOP, "vms", to={"names": names})
    document["groups"]["shop"]["boot"] = [{"name": "everything", "vms": names}]
    document["groups"]["shop"].pop("dependencies", None)
    began = time.process_time()
    plan = read(document)
    # A look through all of them for each of them takes minutes.
    assert time.process_time() - began < 5
    assert plan.groups["shop"].boot[0].vms == tuple(names)
