# SPDX-License-Identifier: GPL-3.0-or-later
"""Each reason is foretold, and then the engine really refuses, or does the harm without a word."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ansible_collections.lifeboat.ovirt.plugins.module_utils.document import Node
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Credentials, Intent, Session
from ansible_collections.lifeboat.ovirt.plugins.module_utils.mapping import SiteMapping, read_mapping
from ansible_collections.lifeboat.ovirt.plugins.module_utils.needs.candidate import Candidate, Reason
from ansible_collections.lifeboat.ovirt.plugins.module_utils.needs.checks import Judge, verdict_of
from ansible_collections.lifeboat.ovirt.plugins.module_utils.needs.place import load_place
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.reader import OvfError, read
from ansible_collections.lifeboat.ovirt.plugins.module_utils.site_names import load_logins
from arrived_world import LEDGER, MAPPING, SPARE_COPY, arrive, source
from ovirt_simulator.engine import schema
from ovirt_simulator.engine.faults import CATALOGUE, STORAGE_ERRORS
from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import SimulatedSite, simulated_sites

CHECKS = Path(__file__).parents[3] / "plugins" / "module_utils" / "needs" / "checks.py"
ELSEWHERE = "5f0c2f0e-0000-4000-8000-000000000001"
HOME = {"web": "shop", "thin": "shop", "golden": "shop", "ledger": "office", "press": "plant"}


@dataclass
class Arrival:
    """The site at which everything waits, and the mapping that is used there."""

    site: SimulatedSite
    engine: Session
    mapping: dict[str, Any] = field(default_factory=lambda: dict(MAPPING))
    waiting: bool = True  # whether the template waits on a domain that is looked at

    def edit(self, name: str, pattern: str, replacement: str) -> None:
        """Change the document of something that waits."""
        for row in self.rows(schema.UnregisteredOvf, entity_name=name):
            text, found = re.subn(pattern, replacement, row.ovf, count=0 if "Storage" in pattern else 1)
            assert found, f"{pattern} is not in the document of {name}"
            self.change(schema.UnregisteredOvf, (row.entity_id, row.storage_domain_id), ovf=text)

    def rows(self, table: type[Any], **columns: Any) -> list[Any]:
        with self.site.engine.transaction() as context:
            return list(context.db.scalars(select(table).filter_by(**columns)))

    def add(self, *rows: Any) -> None:
        with self.site.engine.transaction() as context:
            for row in rows:
                context.db.add(row)
                context.db.flush()

    def change(self, table: type[Any], key: Any, **values: Any) -> None:
        with self.site.engine.transaction() as context:
            row = context.db.get_one(table, key)
            for name, value in values.items():
                setattr(row, name, value)

    def sections(self) -> SiteMapping:
        return read_mapping(Node(self.mapping, "", "mapping"))

    def foretold(self, name: str) -> tuple[Reason, ...]:
        """Return the reasons that are given for something that waits."""
        place = load_place(self.engine, with_units=True)
        candidates = {row.entity_name: candidate(row) for row in self.rows(schema.UnregisteredOvf)}
        templates = {one.id: one.document for one in candidates.values() if one.kind == "template" and self.waiting}
        return Judge(place, self.sections(), None, templates).reasons(candidates[name])

    def register(self, name: str) -> str | None:
        """Register something that waits, and return the words of the refusal."""
        kind = "templates" if name == "golden" else "vms"
        id_ = source(name, "template" if name == "golden" else "vm")
        body = {"registration_configuration": self.sections().registration(logins=load_logins(self.engine))}
        path = f"storagedomains/{source(HOME[name], 'domain')}/{kind}/{id_}"
        try:
            self.engine.act(path, "register", body, Intent(f"register {name}"))
        except EngineError as exc:
            return exc.reason or str(exc)
        return None

    def dropped(self) -> str:
        """Return what the engine says that it has dropped."""
        return " ".join(row.description for row in self.rows(schema.Event, code=1188))


def candidate(row: schema.UnregisteredOvf) -> Candidate:
    damage = document = None
    try:
        document = read(row.ovf)
    except OvfError as exc:
        damage = str(exc)
    kind = "template" if row.entity_type == "template" else "vm"
    return Candidate(
        kind, row.entity_id, row.entity_name, (row.storage_domain_id,), None, "ovf_store", document, damage
    )


@pytest.fixture
def arrival() -> Iterator[Arrival]:
    with simulated_sites(arrive()) as sites:
        site = sites["secondary"]
        with Session(Credentials(**site.auth)) as engine:
            yield Arrival(site, engine)


def without(arrival: Arrival, section: str) -> None:
    arrival.mapping[section] = []


def move_disk(arrival: Arrival, name: str, domain_id: str) -> None:
    arrival.edit(name, "<rasd:StorageId>[^<]*<", f"<rasd:StorageId>{domain_id}<")


def disk_on_sleeping_domain(arrival: Arrival) -> None:
    own = identifier("secondary", "domain", "south-own")
    move_disk(arrival, "press", own)
    arrival.change(schema.StoragePoolIsoMap, own, status="maintenance")


def disk_is_known(arrival: Arrival) -> None:
    image = schema.Image(id=source("press_Disk1", "image"), format="cow", sparse=True, provisioned_size=1)
    image.placements = [schema.ImagePlacement(storage_domain_id=source("plant", "domain"))]
    arrival.add(schema.BaseDisk(id=source("press_Disk1", "disk"), alias="found", images=[image]))


def template_elsewhere(arrival: Arrival) -> None:
    assert arrival.register("golden") is None
    move_disk(arrival, "thin", source("office", "domain"))


def vm(name: str, id_: str = ELSEWHERE) -> schema.VmStatic:
    return schema.VmStatic(id=id_, name=name, cluster_id=identifier("secondary", "cluster", "south-cl1"))


def mac_of_press(arrival: Arrival) -> str:
    [row] = arrival.rows(schema.UnregisteredOvf, entity_name="press")
    return read(row.ovf).nics[0].mac or ""


def mac_in_use(arrival: Arrival) -> None:
    nic = schema.VmInterface(id=str(uuid.uuid4()), vm_id=ELSEWHERE, name="nic1", mac=mac_of_press(arrival))
    arrival.add(vm("other"), nic)


def lun_in_use(arrival: Arrival) -> None:
    arrival.mapping["luns"] = [{"source": {"id": LEDGER}, "target": {"id": SPARE_COPY, "type": "fcp"}}]
    disk = schema.BaseDisk(id=ELSEWHERE, alias="taken", storage_type="lun", lun_id=SPARE_COPY)
    arrival.add(disk, schema.Lun(id=SPARE_COPY, disk_id=ELSEWHERE, size=50 << 30))


def lease_elsewhere(arrival: Arrival) -> None:
    arrival.edit("press", "<AutoStartup>false<", "<AutoStartup>true<")
    arrival.edit("press", "<MultiQueuesEnabled>", f"<LeaseDomainId>{ELSEWHERE}</LeaseDomainId><MultiQueuesEnabled>")


def memory_elsewhere(arrival: Arrival) -> None:
    office = source("office", "domain")
    ids = ",".join([office, *(str(uuid.uuid4()) for _unused in range(5))])
    arrival.edit("web", "</CreationDate></Snapshot>", f"</CreationDate><Memory>{ids}</Memory></Snapshot>")


def nic_of(arrival: Arrival, name: str) -> schema.VmInterface:
    [nic] = arrival.rows(schema.VmInterface, vm_id=source(name))
    assert isinstance(nic, schema.VmInterface)
    return nic


def lease_is_elsewhere(arrival: Arrival) -> bool:
    [row] = arrival.rows(schema.VmStatic, id=source("press"))
    return row.lease_domain_id not in (None, ELSEWHERE)


REFUSED: dict[str, tuple[str, str, Callable[[Arrival], None]]] = {
    "cluster": ("press", "ACTION_TYPE_FAILED_CLUSTER_CAN_NOT_BE_EMPTY", lambda a: without(a, "clusters")),
    "cluster of another data center": (
        "press",
        "ACTION_TYPE_FAILED_CLUSTER_IS_NOT_VALID",
        lambda a: a.mapping.update(clusters=[{"source": "north-cl1", "target": "west-cl1"}]),
    ),
    "architecture": (
        "press",
        "ACTION_TYPE_FAILED_VM_CANNOT_IMPORT_VM_ARCHITECTURE_NOT_SUPPORTED_BY_CLUSTER",
        lambda a: a.edit("press", "rhel_9x64", "rhel_9_ppc64"),
    ),
    "disk_domain": (
        "press",
        "ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_EXIST",
        lambda a: move_disk(a, "press", ELSEWHERE),
    ),
    "disk_domain of a template": (
        "golden",
        "ACTION_TYPE_FAILED_CANNOT_FIND_DISK_IMAGE_IN_ACTIVE_DOMAINS",
        lambda a: move_disk(a, "golden", ELSEWHERE),
    ),
    "disk_domain asleep": ("press", "ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2", disk_on_sleeping_domain),
    "disk_taken": ("press", "ACTION_TYPE_FAILED_IMPORT_DISKS_ALREADY_EXIST", disk_is_known),
    "template": ("thin", "ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST", lambda a: setattr(a, "waiting", False)),
    "template_domain": ("thin", "ACTION_TYPE_FAILED_TEMPLATE_NOT_FOUND_ON_DESTINATION_DOMAIN", template_elsewhere),
    "base_template": (
        "golden",
        "VMT_CANNOT_IMPORT_TEMPLATE_VERSION_MISSING_BASE",
        lambda a: a.edit("golden", "<BaseTemplateId>[^<]*<", f"<BaseTemplateId>{ELSEWHERE}<"),
    ),
    "id_taken": ("press", "VM_CANNOT_IMPORT_VM_EXISTS", lambda a: a.add(vm("press", source("press")))),
    "name_taken": ("press", "VM_CANNOT_IMPORT_VM_NAME_EXISTS", lambda a: a.add(vm("press"))),
    "mac_in_use": ("press", "ACTION_TYPE_FAILED_CANNOT_ADD_IFACE_DUE_TO_MAC_DUPLICATES", mac_in_use),
    "lun": ("ledger", "ACTION_TYPE_FAILED_DISK_LUN_INVALID", lambda a: without(a, "luns")),
    "lun_in_use": ("ledger", "ACTION_TYPE_FAILED_DISK_LUN_IS_ALREADY_IN_USE", lun_in_use),
    "memory_domain": ("web", "VolumeDoesNotExist", memory_elsewhere),
    "snapshot": (
        "press",
        "ACTION_TYPE_FAILED_CORRUPTED_VM_SNAPSHOT_ID",
        lambda a: a.edit("press", 'vm_snapshot_id="[^"]*"', 'vm_snapshot_id=""'),
    ),
    "memory_size": (
        "press",
        "ACTION_TYPE_FAILED_MAX_MEMORY_CANNOT_BE_SMALLER_THAN_MEMORY_SIZE",
        lambda a: a.edit("press", "<MaxMemorySizeMb>[0-9]*<", "<MaxMemorySizeMb>1<"),
    ),
    "unreadable": (
        "press",
        "ACTION_TYPE_FAILED_OVF_CONFIGURATION_NOT_SUPPORTED",
        lambda a: a.edit("press", "<Priority>1<", "<Priority>high<"),
    ),
}

HARMED: dict[str, tuple[str, Callable[[Arrival], None], Callable[[Arrival], bool]]] = {
    "vnic_profile": (
        "press",
        lambda a: without(a, "vnic_profiles"),
        lambda a: nic_of(a, "press").vnic_profile_id is None,
    ),
    "mac_out_of_pool": ("press", lambda a: None, lambda a: (nic_of(a, "press").mac or "").startswith("56:6f:0a")),
    "user": ("web", lambda a: without(a, "user_domains"), lambda a: "ann" in a.dropped()),
    "role": (
        "web",
        lambda a: a.edit("web", "<RoleName>UserVmManager<", "<RoleName>Harbourmaster<"),
        lambda a: "Harbourmaster" in a.dropped(),
    ),
    "affinity_group": ("web", lambda a: without(a, "affinity_groups"), lambda a: "apart" in a.dropped()),
    "affinity_label": ("web", lambda a: without(a, "affinity_labels"), lambda a: "licensed" in a.dropped()),
    "lease_domain": ("press", lease_elsewhere, lease_is_elsewhere),
}


def sentence(message: str) -> str:
    """Return how the words of a refusal begin, up to its first variable."""
    text = CATALOGUE[message].sentence if message in CATALOGUE else STORAGE_ERRORS[message]
    return text.partition("{")[0]


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_foretold(arrival: Arrival, case: str) -> None:
    name, message, change = REFUSED[case]
    change(arrival)
    reasons = arrival.foretold(name)
    assert case.split()[0] in {reason.code for reason in reasons}
    assert verdict_of(reasons) in ("incomplete", "conflict", "needs_mapping")
    refusal = arrival.register(name)
    assert refusal is not None and sentence(message) in refusal


@pytest.mark.parametrize("code", HARMED)
def test_what_is_lost_without_a_refusal_is_foretold(arrival: Arrival, code: str) -> None:
    name, change, harmed = HARMED[code]
    change(arrival)
    assert code in {reason.code for reason in arrival.foretold(name)}
    assert arrival.register(name) is None
    assert harmed(arrival)


@pytest.mark.parametrize("name", ["press", "ledger", "golden"])
def test_what_is_called_ready_is_registered_and_loses_nothing(arrival: Arrival, name: str) -> None:
    reasons = arrival.foretold(name)
    assert verdict_of(reasons) == "ready" and {reason.code for reason in reasons} <= {"mac_out_of_pool"}
    assert arrival.register(name) is None
    assert arrival.dropped() == ""


def test_of_two_users_the_one_that_is_not_known_here_is_named(arrival: Arrival) -> None:
    [user] = [reason for reason in arrival.foretold("web") if reason.code == "user"]
    assert "bob@corp-authz" in user.text
    assert arrival.register("web") is None
    assert "bob" in arrival.dropped() and "ann" not in arrival.dropped()


def test_every_reason_has_a_case() -> None:
    """What a check may say stands in its source; the two left out say that nobody knows."""
    known = set(re.findall(r'Reason\(\s*"(\w+)"', CHECKS.read_text(encoding="utf-8"))) | {"template", "base_template"}
    assert known - {"no_document"} == {case.split()[0] for case in REFUSED} | set(HARMED)
