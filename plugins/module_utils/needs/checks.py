# SPDX-License-Identifier: GPL-3.0-or-later
"""What will go wrong with a registration, one check a reason. Pure.

What the engine refuses comes from the table of its validation, what it silently drops from its mapping rules (OVF
contract 16, workloads contract 2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ..mapping import SiteMapping
from ..ovf.document import Document
from ..registration.plan import BLANK_TEMPLATE
from .candidate import Candidate, Reason, Verdict
from .place import Cluster, Place

_ORDER: tuple[Verdict, ...] = ("incomplete", "conflict", "needs_mapping", "unknown")
_Found = Iterator[Reason]


@dataclass(frozen=True)
class Judge:
    """Judges what waits. cluster: the name of the one that everything goes to, before any mapping.

    templates: the documents of the templates that wait as well, None for those that nobody has read. stuck: those of
    them that the engine will refuse.
    """

    place: Place
    mapping: SiteMapping = SiteMapping()
    cluster: str | None = None
    templates: Mapping[str, Document | None] = field(default_factory=dict)
    stuck: frozenset[str] = frozenset()

    def reasons(self, one: Candidate) -> tuple[Reason, ...]:
        """Return everything that is in the way of a VM or template, or that follows from registering it."""
        if one.damage is not None:
            return (Reason("unreadable", "incomplete", f"its OVF document cannot be read: {one.damage}"),)
        found = [reason for check in _OF_ALL for reason in check(self, one)]
        if one.document is None:
            text = "nobody has read its OVF document, which tells its cluster, disks and NICs"
            remedy = "run with deep, with a manifest, or with the site that it comes from"
            return (*found, Reason("no_document", "unknown", text, remedy))
        checks = _OF_DOCUMENTS + (_OF_VMS if one.kind == "vm" else _OF_TEMPLATES)
        return (*found, *(reason for check in checks for reason in check(self, one, one.document)))

    def target_cluster(self, document: Document) -> Cluster | None:
        """Return the cluster that the engine will choose: the given one, the mapped one, or one of the same name."""
        if self.cluster is not None:
            return self.place.cluster(self.cluster)
        mapped = self.mapping.target("clusters", document.cluster_name)
        return self.place.cluster(mapped) or self.place.cluster(document.cluster_name)

    def center_id(self, one: Candidate) -> str | None:
        """Return the data center of the domain that something is registered from."""
        domain = self.place.domain(one.domain_ids[0]) if one.domain_ids else None
        return domain.data_center_id if domain else None


def is_refused(reasons: tuple[Reason, ...]) -> bool:
    """Return whether the engine will refuse it: of what has to be mapped, it insists on the cluster only."""
    return any(reason.verdict in ("incomplete", "conflict") or reason.code == "cluster" for reason in reasons)


def verdict_of(reasons: tuple[Reason, ...]) -> Verdict:
    """Return the verdict that the reasons come down to."""
    found = {reason.verdict for reason in reasons}
    return next((verdict for verdict in _ORDER if verdict in found), "ready")


def _id_taken(judge: Judge, one: Candidate) -> _Found:
    taken = judge.place.registered(one.kind, one.id)
    if taken is not None:
        yield Reason("id_taken", "conflict", f"it is registered already, as {taken.name}", "leave it out")


def _name_taken(judge: Judge, one: Candidate) -> _Found:
    if one.kind == "template" and one.document is not None and one.document.template_id is not None:
        return  # a version has the name of its base
    center = judge.center_id(one)
    centers = judge.place.centers_by_cluster
    others = judge.place.called(one.kind, one.name)
    if any(other.id != one.id and centers.get(other.cluster_id) == center for other in others):
        text = f"the data center has another {one.kind} {one.name}"
        yield Reason("name_taken", "conflict", text, "rename the other one, or register it with rename")


def _template(judge: Judge, one: Candidate) -> _Found:
    needed = one.document.template_id if one.document else one.template_id
    if needed is None or needed == BLANK_TEMPLATE or judge.place.template_domains(needed) is not None:
        return
    code, named = ("template", "its template") if one.kind == "vm" else ("base_template", "its base version")
    name = f" {one.document.template_name}" if one.document and one.document.template_name else ""
    if needed not in judge.templates:
        text = f"{named}{name} ({needed}) is neither registered nor waiting"
        yield Reason(code, "incomplete", text, "attach the domain that holds it, and name that domain here, too")
    elif needed in judge.stuck:
        text = f"{named}{name} ({needed}) waits as well, but cannot be registered"
        yield Reason(code, "incomplete", text, "clear what is in the way of the template")


def _cluster(judge: Judge, one: Candidate, document: Document) -> _Found:
    cluster = judge.target_cluster(document)
    if cluster is None:
        text = f"no cluster takes the place of {document.cluster_name or 'none'}"
        yield Reason("cluster", "needs_mapping", text, "map it to a cluster of this site")
    elif cluster.data_center_id != judge.center_id(one):
        text = f"cluster {cluster.name} is not in the data center of its storage domain"
        yield Reason("cluster", "needs_mapping", text, "map it to a cluster of that data center")


def _architecture(judge: Judge, one: Candidate, document: Document) -> _Found:
    cluster = judge.target_cluster(document)
    if cluster is None or cluster.architecture in (None, "undefined", document.architecture):
        return
    needed = document.architecture or "none, since it names no operating system"
    text = f"cluster {cluster.name} has the architecture {cluster.architecture}, it needs {needed}"
    yield Reason("architecture", "conflict", text, "map its cluster to one of that architecture")


def _disk_domain(judge: Judge, one: Candidate, document: Document) -> _Found:
    """A VM's disk has to be on the first domain that its document names, a template's on any of them."""
    center = judge.center_id(one)
    for disk in document.disks:
        ids = disk.domain_ids[:1] if one.kind == "vm" else disk.domain_ids
        problems = [_domain_problem(judge, id_, center) for id_ in ids] or ["no storage domain"]
        if all(problems):
            remedy = "attach and activate that domain, or register with allow_partial and without the disk"
            yield Reason("disk_domain", "incomplete", f"its disk {disk.alias} is on {problems[0]}", remedy)


def _domain_problem(judge: Judge, id_: str, center: str | None) -> str | None:
    domain = judge.place.domain(id_)
    if domain is None or domain.data_center_id is None or domain.data_center_id != center:
        named = domain.name if domain else id_
        return f"storage domain {named}, which is not attached to the data center"
    return None if domain.status == "active" else f"storage domain {domain.name}, which is {domain.status}"


def _disk_taken(judge: Judge, one: Candidate, document: Document) -> _Found:
    for disk in document.disks:
        known = judge.place.site.disk_by_id.get(disk.id)
        if known is not None and not (known.shareable and disk.shareable):
            text = f"its disk {disk.alias} is known already, as {known.name}"
            yield Reason("disk_taken", "conflict", text, "remove the registered disk without its content")


def _template_domain(judge: Judge, one: Candidate, document: Document) -> _Found:
    if document.template_id is None or not any(disk.template_volume_id for disk in document.disks):
        return
    places = judge.place.template_domains(document.template_id)
    waiting = judge.templates.get(document.template_id)
    if places is None and waiting is not None:
        places = frozenset(id_ for disk in waiting.disks for id_ in disk.domain_ids)
    own = {disk.domain_ids[0] for disk in document.disks if disk.domain_ids}
    if places is not None and not places & own:
        text = f"its template {document.template_name} has no copy on a domain of its disks"
        yield Reason("template_domain", "incomplete", text, "attach the domain with that copy of the template")


def _snapshots(judge: Judge, one: Candidate, document: Document) -> _Found:
    for disk in document.disks:
        if not disk.shareable and any(volume.snapshot_id is None for volume in disk.volumes):
            text = f"a volume of its disk {disk.alias} belongs to no snapshot"
            yield Reason("snapshot", "incomplete", text, "register its disks alone, and attach them to a new VM")


def _memory_domain(judge: Judge, one: Candidate, document: Document) -> _Found:
    """The engine looks for memory it does not know on the domain that it registers from, whatever the document says."""
    for snapshot in document.snapshots:
        memory = snapshot.memory
        if memory is None or all(id_ in judge.place.site.disk_by_id for id_ in memory.disk_ids):
            continue
        if memory.domain_id != one.domain_ids[0]:
            domain = judge.place.domain(memory.domain_id)
            named = domain.name if domain else memory.domain_id or "no domain"
            text = f"the memory of its snapshot {snapshot.description} is on {named}, and is looked for on the other"
            yield Reason("memory_domain", "incomplete", text, "delete the snapshot at the source, or move its memory")


def _memory_size(judge: Judge, one: Candidate, document: Document) -> _Found:
    if document.memory_max < document.memory:
        text = "its maximum memory is smaller than its memory"
        yield Reason("memory_size", "incomplete", text, "correct it at the source")


def _macs(judge: Judge, one: Candidate, document: Document) -> _Found:
    cluster = judge.target_cluster(document)
    pool = cluster.mac_pool if cluster else None
    for nic in document.nics:
        owner = judge.place.macs.get((nic.mac or "").lower())
        if owner is not None and (pool is None or not pool.allow_duplicates):
            text = f"the MAC address {nic.mac} of its NIC {nic.name} is in use by {owner}"
            yield Reason("mac_in_use", "conflict", text, "register it with reassign_bad_macs")
        elif nic.mac and pool is not None and not pool.holds(nic.mac):
            text = f"the MAC address {nic.mac} of its NIC {nic.name} is not one of the cluster's pool"
            yield Reason("mac_out_of_pool", "ready", text, "register it with reassign_bad_macs for a new one")


def _profiles(judge: Judge, one: Candidate, document: Document) -> _Found:
    cluster = judge.target_cluster(document)
    center = judge.center_id(one)
    named = next((found.name for found in judge.place.site.data_centers if found.id == center), None)
    for nic in document.nics:
        source = (nic.network or "", nic.profile or "")
        if cluster is None or source == ("", ""):
            continue
        target = judge.mapping.profile(*source, named)
        wanted = {source}
        if target is not None:
            wanted.add(judge.place.profile_names.get(target.id or "", (target.network, target.profile)))
        if not wanted & cluster.profiles:
            text = f"no vNIC profile takes the place of {'/'.join(source)}: its NIC {nic.name} would have none"
            yield Reason("vnic_profile", "needs_mapping", text, "map it to a profile of the cluster's networks")


def _people(judge: Judge, one: Candidate, document: Document) -> _Found:
    for user in document.users:
        login, domain = user.looked_up_as
        mapped = judge.mapping.target("user_domains", user.domain)
        known = (login, domain) in judge.place.logins or (mapped is not None and (login, mapped) in judge.place.logins)
        if not known:
            hint = "; the engine cuts the login at its first @" if "@" in user.login else ""
            hint += "; the login is known in another domain" if login in judge.place.known_logins else ""
            text = f"nobody here is {user.principal}: the permission would be dropped{hint}"
            yield Reason("user", "needs_mapping", text, "map the domain, and let the user log in here once")
        for role in user.roles:
            if (judge.mapping.target("roles", role) or role) not in judge.place.roles:
                text = f"the role {role} does not exist: the permission of {user.principal} would be dropped"
                yield Reason("role", "needs_mapping", text, "map it to a role of this site, or create it")


def _affinity(judge: Judge, one: Candidate, document: Document) -> _Found:
    cluster = judge.target_cluster(document)
    for name in document.affinity_groups:
        if cluster and (judge.mapping.target("affinity_groups", name) or name) not in cluster.affinity_groups:
            text = f"cluster {cluster.name} has no affinity group in the place of {name}: it would be dropped"
            yield Reason("affinity_group", "needs_mapping", text, "map it, or create it in that cluster")
    for name in document.affinity_labels:
        if (judge.mapping.target("affinity_labels", name) or name) not in judge.place.affinity_labels:
            text = f"there is no affinity label in the place of {name}: it would be dropped"
            yield Reason("affinity_label", "needs_mapping", text, "map it, or create it")


def _luns(judge: Judge, one: Candidate, document: Document) -> _Found:
    for lun in document.lun_disks:
        target = judge.mapping.lun(lun.lun_id)
        unit = target.id if target else lun.lun_id
        status = judge.place.units.get(unit)
        if status is None:
            text = f"no host sees the direct LUN {unit}"
            yield Reason("lun", "incomplete", text, "map it to a LUN that the hosts see, or present it to them")
        elif status != "free":
            text = f"the direct LUN {unit} is {status}"
            yield Reason("lun_in_use", "conflict", text, "map it to another LUN")


def _lease(judge: Judge, one: Candidate, document: Document) -> _Found:
    if document.lease_domain_id is None or not document.high_availability:
        return
    problem = _domain_problem(judge, document.lease_domain_id, judge.center_id(one))
    if problem is not None:
        text = f"its lease is on {problem}: it would be put on another domain, or dropped"
        yield Reason("lease_domain", "incomplete", text, "attach and activate that domain first")


_OF_ALL: tuple[Callable[[Judge, Candidate], _Found], ...] = (_id_taken, _name_taken, _template)
_OF_DOCUMENTS: tuple[Callable[[Judge, Candidate, Document], _Found], ...] = (
    _cluster,
    _architecture,
    _disk_domain,
    _disk_taken,
    _people,
)
_OF_VMS = (
    _template_domain,
    _snapshots,
    _memory_domain,
    _memory_size,
    _macs,
    _profiles,
    _affinity,
    _luns,
    _lease,
)
_OF_TEMPLATES = (_profiles,)
