# SPDX-License-Identifier: GPL-3.0-or-later
"""OVF documents for tests: the samples, any that the simulated engine could write, and mutilated ones."""

from __future__ import annotations

import random
import re
import uuid
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from ovirt_simulator.ovf import document as written
from ovirt_simulator.ovf.codes import BIOS_TYPES, INTERFACES, NIC_MODELS
from ovirt_simulator.ovf.hardware import OTHER
from ovirt_simulator.ovf.reader import read as read_by_simulator
from ovirt_simulator.ovf.writer import write

SAMPLES = Path(__file__).parents[1] / "data" / "ovf"
_PORT = "{type=pci, slot=0x02, bus=0x00, domain=0x0000, function=0x1, multifunction=on}"
NAMES = sorted(path.name for path in SAMPLES.glob("*.ovf"))

_TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, blacklist_categories=("Cs", "Cc")), max_size=12)
_NAMES = st.text("abcxyzÄ<&>\"' 0123-_", min_size=1, max_size=12)
_IDS = st.builds(lambda number: str(uuid.UUID(int=number)), st.integers(1, 2**128 - 1))
_SIZES = st.integers(1, 4096).map(lambda gib: gib << 30)


def sample(name: str) -> str:
    """Return a sample as the engine writes it: on one line."""
    text = (SAMPLES / name).read_text(encoding="utf-8")
    return re.sub(r">\s+<", "><", text).strip()


def document_of_size(size: int) -> str:
    """Return what the simulated engine writes of a VM with two disks, and with as many PCI ports as make the size."""
    base = read_by_simulator(sample("01-plain-vm-two-disks.ovf"))
    hardware = base.hardware
    text = ""
    while len(text) < size:
        port = written.Device("controller", "pci", _PORT, spec_params={"index": "1", "model": "pcie-root-port"})
        hardware += (written.Hardware(OTHER, _fixed("port", len(hardware)), port),)
        text = write(replace(base, hardware=hardware))
    return text


def _fixed(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}/{number}"))


@st.composite
def _chains(draw: st.DrawFn, snapshots: tuple[written.Snapshot, ...]) -> tuple[written.Volume, ...]:
    """Draw the chain of one disk, the active volume first, on a template's volume or none."""
    disk_id = draw(_IDS)
    ids = [_fixed(disk_id, number) for number in range(draw(st.integers(1, 3)))]
    template = draw(st.none() | _IDS)
    shareable = draw(st.booleans())
    domains = tuple(draw(st.lists(_IDS, min_size=1, max_size=2)))
    device = written.Device("disk", "disk", plugged=draw(st.booleans()))
    volume = written.Volume(
        id="",
        disk_id=disk_id,
        alias=draw(_TEXTS),
        size=draw(_SIZES),
        used=1,
        snapshot_id=None,
        interface=draw(st.sampled_from(sorted(INTERFACES))),
        bootable=draw(st.booleans()),
        shareable=shareable,
        domain_ids=domains,
        template_image_id=template,
        device=draw(st.none() | st.just(device)),
    )
    return tuple(
        replace(
            volume,
            id=id_,
            used=draw(_SIZES),
            parent_id=below or template,
            format=draw(st.sampled_from(["raw", "cow", ""])),
            sparse=draw(st.sampled_from([True, False, None])),
            snapshot_id=None if shareable else draw(st.sampled_from(snapshots)).id,
        )
        for id_, below in zip(ids, [*ids[1:], None], strict=True)
    )


@st.composite
def _snapshots(draw: st.DrawFn) -> tuple[written.Snapshot, ...]:
    memory = st.lists(_IDS, min_size=6, max_size=6).map(tuple)
    regular = st.builds(
        written.Snapshot, _IDS, st.sampled_from(["REGULAR", "PREVIEW"]), _TEXTS, st.just(0.0), st.just(()) | memory
    )
    return (*draw(st.lists(regular, max_size=2)), written.Snapshot(draw(_IDS), "ACTIVE", "Active VM", 0.0))


@st.composite
def _nics(draw: st.DrawFn) -> written.Nic:
    mac = ":".join(f"{one:02x}" for one in draw(st.binary(min_size=6, max_size=6)))
    return written.Nic(
        id=draw(_IDS),
        name=draw(_NAMES),
        network=draw(st.just("") | _NAMES),
        profile=draw(st.just("") | _NAMES),
        mac=mac,
        model=draw(st.sampled_from(sorted(NIC_MODELS))),
        linked=draw(st.booleans()),
        device=draw(st.none() | st.builds(written.Device, st.just("interface"), st.just("bridge"))),
    )


@st.composite
def written_documents(draw: st.DrawFn) -> written.Document:
    """Draw what the simulated engine could write of a VM or a template."""
    id_, is_template = draw(_IDS), draw(st.booleans())
    snapshots = draw(_snapshots())
    chains = draw(st.lists(_chains(snapshots), max_size=3, unique_by=lambda chain: chain[0].disk_id))
    users = st.builds(
        written.User,
        st.sampled_from(["ann@corp-authz", "ops@corp.example@internal-authz"]),
        st.lists(_NAMES, max_size=2).map(tuple),
    )
    names = st.lists(_NAMES, max_size=2).map(tuple)
    paths = st.builds(
        written.LunConnection, _NAMES, _NAMES, st.just("3260"), st.sampled_from(["ISCSI", "FCP"]), st.just("1")
    )
    luns = st.builds(written.LunDisk, _IDS, _NAMES, alias=_TEXTS, connections=st.lists(paths, max_size=2).map(tuple))
    return written.Document(
        kind="template" if is_template else "vm",
        id=id_,
        name=draw(_NAMES),
        description=draw(_TEXTS),
        cluster_name=draw(_TEXTS),
        exported=float(draw(st.integers(0, 4_000_000_000))),
        memory=draw(_SIZES),
        memory_max=draw(_SIZES),
        sockets=draw(st.integers(1, 16)),
        cores=draw(st.integers(1, 16)),
        stateless=draw(st.booleans()),
        high_availability=draw(st.booleans()),
        priority=draw(st.integers(0, 100)),
        bios_type=draw(st.sampled_from(sorted(BIOS_TYPES))),
        predefined_properties=draw(st.sampled_from(["", "a=b", "a=b=c;d="])),
        user_properties=draw(st.sampled_from(["", "owner=erp;window=sun"])),
        lease_domain_id=draw(st.none() | _IDS),
        template_id=draw(st.none() | _IDS.filter(lambda other: other != id_)),
        template_name=draw(_NAMES),
        version_number=draw(st.integers(1, 9)),
        users=tuple(draw(st.lists(users, max_size=2))),
        affinity_groups=() if is_template else draw(names),
        affinity_labels=() if is_template else draw(names),
        dedicated_hosts=tuple(draw(st.lists(_IDS, max_size=2))),
        os_type=draw(st.sampled_from(["rhel_9x64", "other_linux_ppc64", "windows_2022", "other"])),
        volumes=tuple(volume for chain in chains for volume in chain),
        lun_disks=tuple(draw(st.lists(luns, max_size=2, unique_by=lambda one: one.id))),
        nics=tuple(draw(st.lists(_nics(), max_size=3))),
        snapshots=snapshots,
    )


class Mutator:
    """Mutilates documents, the same way for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._samples = [sample(name).encode() for name in NAMES]
        self._samples.append(document_of_size(15_000).encode())
        # Mostly what leaves the document well-formed, and so gets past lxml.
        rough = (self._flip, self._cut, self._repeat, self._splice, self._insert)
        self._changes = (*rough, *(self._replace, self._drop) * 5)

    def next(self) -> bytes:
        """Return another document, with one to four things wrong with it."""
        data = self._random.choice(self._samples)
        for _unused in range(self._random.randint(1, 4)):
            data = self._random.choice(self._changes)(data)
        return data

    def _span(self, data: bytes) -> tuple[int, int]:
        begin = self._random.randrange(len(data) + 1)
        return begin, min(len(data), begin + self._random.choice((1, 8, 64, 1024)))

    def _flip(self, data: bytes) -> bytes:
        begin, end = self._span(data)
        return data[:begin] + self._random.randbytes(min(end - begin, 8)) + data[end:]

    def _cut(self, data: bytes) -> bytes:
        begin, end = self._span(data)
        return data[:begin] + data[end:]

    def _repeat(self, data: bytes) -> bytes:
        begin, end = self._span(data)
        return data[:begin] + data[begin:end] * self._random.choice((2, 3, 20)) + data[end:]

    def _splice(self, data: bytes) -> bytes:
        other = self._random.choice(self._samples)
        begin, end = self._span(other)
        at = self._random.randrange(len(data) + 1)
        return data[:at] + other[begin:end] + data[at:]

    def _insert(self, data: bytes) -> bytes:
        at = self._random.randrange(len(data) + 1)
        return data[:at] + self._random.choice(_INSERTS) + data[at:]

    def _replace(self, data: bytes) -> bytes:
        """Give an element another text, which leaves the document well-formed."""
        found = list(_VALUE.finditer(data))
        if not found:
            return data
        begin, end = self._random.choice(found).span(1)
        return data[:begin] + self._random.choice(_VALUES) + data[end:]

    def _drop(self, data: bytes) -> bytes:
        """Take an element without children or an attribute away."""
        found = list(_REMOVABLE.finditer(data))
        if not found:
            return data
        begin, end = self._random.choice(found).span()
        return data[:begin] + data[end:]


_VALUE = re.compile(rb"[>\"]([^<>\"]{1,80})[<\"]")
_REMOVABLE = re.compile(rb'<(?P<tag>[\w:]+)[^<>]*>[^<>]*</(?P=tag)>| [\w:-]+="[^"<>]*"')
_VALUES = (
    b"",
    b"0",
    b"-1",
    b"9" * 30,
    b"x",
    b"true",
    b"\xc3\xa9",
    b"a,b,c",
    b"a;b",
    b"@",
    b"17",
    b"10",
    b"&#0;",
    b"1e9",
)
_INSERTS = (
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"&b;",
    b"<!-- -->",
    b"<?a b?>",
    b"<![CDATA[a]]>",
    b"<a>" * 300,
    b"\0",
    b"\xff\xfe",
    b"<Section/>",
    b"<Item/>",
    b"&#x10ffff;",
)
