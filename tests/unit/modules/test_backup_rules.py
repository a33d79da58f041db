# SPDX-License-Identifier: GPL-3.0-or-later
"""For every rule, over HTTPS: what the engine alone does, and what the collection does in the same state.

The run prints both as a matrix; docs/rules.md has it in words, which the cases here hold to the truth.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ovirtsdk4
import pytest
from ovirtsdk4 import types

from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import CATALOGUE
from backup_marks import Marked
from ovirt_simulator.engine import schema
from ovirt_simulator.scenario import identifier
from wire_client import east

RULES = {rule.id.removeprefix("backup."): rule for rule in CATALOGUE}


@dataclass(frozen=True)
class Case:
    """How a state comes about, what the module is asked there, and what the engine is asked for."""

    rule: str
    arrange: Callable[[Marked], object]
    attempt: Callable[[Marked], object]
    asked: dict[str, Any]

    def __str__(self) -> str:
        return self.rule


def set_row(marked: Marked, table: type[Any], kind: str, name: str, **values: Any) -> None:
    """Change a row behind the engine's back, as if it had come about before."""
    with marked.site.engine.transaction() as context:
        row = context.db.get_one(table, east(kind, name))
        for field, value in values.items():
            setattr(row, field, value)


def give_marks(*names: str) -> Callable[[Marked], None]:
    def arrange(marked: Marked) -> None:
        for name in names:
            marked.give_mark(name)

    return arrange


def set_vm(name: str, **values: Any) -> Callable[[Marked], None]:
    return lambda marked: set_row(marked, schema.VmStatic, "vm", name, **values)


def set_domain(name: str, **values: Any) -> Callable[[Marked], None]:
    return lambda marked: set_row(marked, schema.StorageDomainStatic, "domain", name, **values)


def set_disk(name: str, **values: Any) -> Callable[[Marked], None]:
    return lambda marked: set_row(marked, schema.BaseDisk, "disk", name, **values)


def both(*steps: Callable[[Marked], object]) -> Callable[[Marked], None]:
    def arrange(marked: Marked) -> None:
        for step in steps:
            step(marked)

    return arrange


def lock_image(marked: Marked) -> None:
    with marked.site.engine.transaction() as context:
        context.db.get_one(schema.BaseDisk, east("disk", "erp_Disk1")).active_image.status = "locked"


def add_snapshot(status: str) -> Callable[[Marked], None]:
    def arrange(marked: Marked) -> None:
        row = schema.Snapshot(
            id=identifier("primary", "snapshot", "weekly"),
            vm_id=east("vm", "erp"),
            type="regular",
            status=status,
            description="weekly",
        )
        with marked.site.engine.transaction() as context:
            context.db.add(row)

    return arrange


def nothing(_marked: Marked) -> None:
    """Leave the scenario as it is."""


def suspend_web(marked: Marked) -> None:
    marked.vm("web").suspend()


def move_away_web(marked: Marked) -> None:
    """Leave nothing on `vault` but the memory of the suspended VM, which is then no image disk of it."""
    suspend_web(marked)
    with marked.site.engine.transaction() as context:
        attachment = context.db.get_one(schema.DiskAttachment, (east("vm", "web"), east("disk", "web_Disk1")))
        attachment.plugged = False


NORTH = str(uuid.UUID(int=7))


def add_north(marked: Marked) -> None:
    """Give the site a data center without storage, and a backup domain that belongs to none."""
    with marked.site.engine.transaction() as context:
        context.db.add(schema.StoragePool(id=NORTH, name="north"))
        context.db.add(schema.Cluster(id=NORTH, name="north-cl1", storage_pool_id=NORTH))
        context.db.add(schema.Vds(id=NORTH, name="north-h1", address="north-h1.test", cluster_id=NORTH))
    marked.attached("nfs-vault").deactivate()
    marked.attached("nfs-vault").remove()
    marked.give_mark("nfs-vault")


def attach_to_north(marked: Marked) -> None:
    pool = marked.api.data_centers_service().data_center_service(NORTH)
    pool.storage_domains_service().add(types.StorageDomain(id=east("domain", "nfs-vault")))


def place(name: str) -> types.StorageDomain:
    return types.StorageDomain(id=east("domain", name))


def give_lease(vm: str, domain: str) -> Callable[[Marked], object]:
    lease = types.StorageDomainLease(storage_domain=place(domain))
    available = types.HighAvailability(enabled=True)
    return lambda marked: marked.vm(vm).update(types.Vm(lease=lease, high_availability=available))


def snapshot_with_memory(marked: Marked) -> None:
    marked.vm("web").snapshots_service().add(types.Snapshot(description="running", persist_memorystate=True))


def attach_erps_disk(marked: Marked) -> None:
    attachment = types.DiskAttachment(
        disk=types.Disk(id=east("disk", "erp_Disk1")), active=False, interface=types.DiskInterface.VIRTIO
    )
    marked.vm("db").disk_attachments_service().add(attachment)


def unplug_webs_disk(marked: Marked) -> None:
    marked.attachment("web", "web_Disk1").update(types.DiskAttachment(active=False))


def free_erps_disk(marked: Marked) -> None:
    with marked.site.engine.transaction() as context:
        context.db.delete(context.db.get_one(schema.DiskAttachment, (east("vm", "erp"), east("disk", "erp_Disk1"))))
    marked.give_mark("mixed-block")


def new_disk() -> types.Disk:
    return types.Disk(
        name="fresh", format=types.DiskFormat.COW, provisioned_size=1 << 30, storage_domains=[place("nfs-vault")]
    )


def create_vm(marked: Marked) -> None:
    marked.api.vms_service().add(
        types.Vm(
            name="fresh",
            cluster=types.Cluster(name="east-cl1"),
            template=types.Template(name="golden"),
            storage_domain=place("nfs-vault"),
        ),
        clone=True,
    )


def create_pool(marked: Marked) -> None:
    marked.api.vm_pools_service().add(
        types.VmPool(
            name="desks", cluster=types.Cluster(name="east-cl1"), template=types.Template(name="golden"), size=1
        )
    )


def copy_golden(marked: Marked) -> None:
    marked.disk("golden_Disk1").copy(storage_domain=place("nfs-vault"))
    marked.give_mark("nfs-vault")


def put_erp_into_a_pool(marked: Marked) -> None:
    pool = schema.VmPool(
        id=str(uuid.UUID(int=8)),
        name="desks",
        cluster_id=east("cluster", "east-cl1"),
        template_id=east("template", "golden"),
    )
    with marked.site.engine.transaction() as context:
        context.db.add(pool)
        context.db.get_one(schema.VmStatic, east("vm", "erp")).vm_pool_id = pool.id


def configuring(rule: str, domain: str, arrange: Callable[[Marked], object]) -> Case:
    asked = {"module": "backup_domain", "storage_domains": [domain]}
    return Case(rule, arrange, lambda marked: marked.mark(domain), asked)


def acting(
    rule: str, arrange: Callable[[Marked], object], attempt: Callable[[Marked], object], **subjects: Any
) -> Case:
    return Case(rule, arrange, attempt, {"module": "backup_guard", "actions": [{"action": rule, **subjects}]})


OTHERS = ("east-data", "vault", "nfs-vault", "mixed-block", "mixed-file")
VAULT = "nfs-vault"

CASES = [
    configuring("running_vms", "vault", nothing),
    configuring("leases", VAULT, set_vm("web", lease_domain_id=east("domain", VAULT))),
    configuring("master", "east-data", nothing),
    configuring("last_regular", "east-nfs2", give_marks(*OTHERS)),
    configuring(
        "first_domain",
        VAULT,
        lambda marked: set_row(marked, schema.StoragePool, "data_center", "east", status="uninitialized"),
    ),
    configuring("hosted_engine", "mixed-file", set_vm("erp", origin="managed_hosted_engine")),
    configuring("data_domain", VAULT, set_domain(VAULT, function="iso")),
    configuring("preview", "mixed-block", add_snapshot("in_preview")),
    configuring("memory_volumes", "vault", move_away_web),
    configuring("shareable_disks", "mixed-block", set_disk("erp_Disk1", shareable=True)),
    configuring("vm_pools", "mixed-block", put_erp_into_a_pool),
    configuring("in_process", "mixed-block", lock_image),
    acting("start_vm", give_marks("mixed-block"), lambda marked: marked.vm("erp").start(), vms=["erp"]),
    acting(
        "preview_snapshot",
        both(give_marks("mixed-block"), add_snapshot("ok")),
        lambda marked: marked.vm("erp").preview_snapshot(
            snapshot=types.Snapshot(id=identifier("primary", "snapshot", "weekly"))
        ),
        vms=["erp"],
    ),
    acting(
        "live_move_disk",
        give_marks(VAULT),
        lambda marked: marked.move("web_Disk1", VAULT),
        disks=["web_Disk1"],
        storage_domains=[VAULT],
    ),
    acting(
        "switch_master",
        give_marks(VAULT),
        lambda marked: marked.pool.set_master(storage_domain=place(VAULT)),
        storage_domains=[VAULT],
    ),
    acting("memory_snapshot", give_marks("vault"), snapshot_with_memory, vms=["web"]),
    acting("suspend_vm", give_marks("vault"), suspend_web, vms=["web"]),
    acting("attach_disk", free_erps_disk, attach_erps_disk, disks=["erp_Disk1"]),
    acting("hot_plug_disk", give_marks("vault"), unplug_webs_disk, disks=["web_Disk1"]),
    acting("create_lease", give_marks(VAULT), give_lease("db", VAULT), storage_domains=[VAULT]),
    acting(
        "move_lease",
        both(give_lease("db", "east-nfs2"), give_marks(VAULT)),
        give_lease("db", VAULT),
        storage_domains=[VAULT],
    ),
    acting("create_vm", give_marks(VAULT), create_vm, storage_domains=[VAULT]),
    acting(
        "create_disk",
        give_marks(VAULT),
        lambda marked: marked.api.disks_service().add(new_disk()),
        storage_domains=[VAULT],
    ),
    acting("create_vm_pool", copy_golden, create_pool, storage_domains=[VAULT]),
    acting(
        "change_data",
        give_marks("mixed-block"),
        lambda marked: marked.disk("erp_Disk1").remove(),
        disks=["erp_Disk1"],
    ),
    acting("attach_domain", add_north, attach_to_north, storage_domains=[VAULT], data_center="north"),
]


@pytest.fixture
def marked(primary):
    """The primary site in terms of its domains, VMs and disks."""
    connection = ovirtsdk4.Connection(**primary.auth)
    yield Marked(primary, connection.system_service())
    connection.close(logout=False)


def test_every_rule_has_its_case():
    assert [case.rule for case in CASES] == list(RULES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_collection_holds_the_rule_whatever_the_engine_alone_would_do(play, primary, marked, record_property, case):
    rule = RULES[case.rule]
    case.arrange(marked)
    written = len(primary.writes)
    asked = dict(case.asked)
    told = play(asked.pop("module"), check=rule.severity == "warn", auth=primary.auth, **asked)
    assert (rule.id, rule.severity) in {(one["rule"], one["severity"]) for one in told["violations"]}
    assert len(primary.writes) == written
    blocks = rule.severity == "block"
    assert bool(told.get("failed")) is blocks and (not blocks or told["error_kind"] == "rule")

    refusal = engine_alone(marked, case)
    assert bool(refusal) is (rule.enforced_by == "both")
    assert not refusal or f"({refusal})" in rule.alone
    record_property("rules", [rule.id, f"refuses ({refusal})" if refusal else "accepts", f"{rule.severity}s"])


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.asked["module"] == "backup_guard" and "refuses" in RULES[case.rule].alone],
    ids=str,
)
def test_what_the_engine_refuses_it_refuses_for_the_flag(marked, case):
    case.arrange(marked)
    with marked.site.engine.transaction() as context:
        for row in context.db.query(schema.StorageDomainStatic):
            row.backup = False
    assert engine_alone(marked, case) is None


def engine_alone(marked: Marked, case: Case) -> int | None:
    """Return the HTTP status with which the engine refuses, None if it does what it is asked for."""
    try:
        case.attempt(marked)
    except ovirtsdk4.Error as exc:
        assert exc.fault, "the address has to exist"
        return exc.code
    return None


def test_a_vm_whose_template_alone_is_on_a_backup_domain_may_run(play, primary, marked):
    copy_golden(marked)
    told = play("backup_guard", auth=primary.auth, actions=[{"action": "start_vm", "vms": ["thin1"]}])
    assert told["allowed"] and not told["violations"]
    marked.vm("thin1").start()
    assert marked.status("thin1") == "up"


def test_a_disk_may_move_cold_to_a_backup_domain(play, primary, marked):
    marked.give_mark(VAULT)
    move = {"action": "live_move_disk", "disks": ["db_Disk1"], "storage_domains": [VAULT]}
    assert play("backup_guard", auth=primary.auth, actions=[move])["allowed"]
    marked.move("db_Disk1", VAULT)


def test_a_suspended_vm_passes_the_engine_but_not_the_collection(play, primary, marked):
    suspend_web(marked)
    told = play("backup_domain", auth=primary.auth, storage_domains=["vault"])
    assert told["error_kind"] == "rule" and "web (suspended)" in told["msg"]
    marked.mark("vault")
