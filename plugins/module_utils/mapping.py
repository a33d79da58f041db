# SPDX-License-Identifier: GPL-3.0-or-later
"""What the names of one site become at another, and what a register request says of it. Pure.

A mapping file (version 1) is a YAML mapping with the keys of `SiteMapping`, each a list of {source, target}:

    version: 1
    clusters: [{source: east-cl1, target: west-cl1}]
    vnic_profiles:
      - source: {network: east-lan, profile: servers, data_center: east}
        target: {network: west-lan, profile: servers, data_center: west}
    luns:
      - source: {id: 3600a01}
        target: {id: 3600b01, type: iscsi, address: 10.0.0.1, port: 3260, portal: "1", target: "iqn.2031-05.test:b"}

affinity_groups, affinity_labels, roles and user_domains are lists of names like clusters. An empty target says that
nobody has decided yet. A source profile with an empty network and profile stands for NICs without one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from .document import Fields, Node
from .engine.errors import EngineError

VERSION = 1

Section: TypeAlias = Literal[
    "clusters", "vnic_profiles", "affinity_groups", "affinity_labels", "roles", "user_domains", "luns"
]

# What the API calls the lists in which an object is known by its name alone; user domains are a chapter of their own.
_BY_NAME = {
    "cluster_mappings": "clusters",
    "role_mappings": "roles",
    "affinity_group_mappings": "affinity_groups",
    "affinity_label_mappings": "affinity_labels",
}

T = TypeVar("T")


@dataclass(frozen=True)
class Profile:
    """A vNIC profile: the names of its network and itself, or its id; the data center where names are not enough."""

    network: str = ""
    profile: str = ""
    data_center: str | None = None
    id: str | None = None

    def __str__(self) -> str:
        named = f"{self.network}/{self.profile}" if self.network or self.profile else self.id or "no profile"
        return f"{named} of data center {self.data_center}" if self.data_center else named


@dataclass(frozen=True)
class Lun:
    """A direct LUN, and where it answers: an OVF names no credentials, so only a mapping brings them along."""

    id: str
    type: str | None = None
    address: str | None = None
    port: int | None = None
    portal: str | None = None
    target: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True)
class Pair(Generic[T]):
    """What something is called at the source, and what takes its place; target None means undecided."""

    source: T
    target: T | None


Names: TypeAlias = tuple[Pair[str], ...]


@dataclass(frozen=True)
class SiteMapping:
    """The mapping of one site to another."""

    clusters: Names = ()
    vnic_profiles: tuple[Pair[Profile], ...] = ()
    affinity_groups: Names = ()
    affinity_labels: Names = ()
    roles: Names = ()
    user_domains: Names = ()
    luns: tuple[Pair[Lun], ...] = ()

    def target(self, section: Section, source: str) -> str | None:
        """Return what takes the place of a name, None where nothing is decided."""
        return next((pair.target for pair in getattr(self, section) if pair.source == source), None)

    def profile(self, network: str, profile: str, data_center: str | None = None) -> Profile | None:
        """Return the profile for a NIC of that network and profile in a data center of the target, None without one."""
        for pair in self.vnic_profiles:
            if (pair.source.network, pair.source.profile) == (network, profile) and _fits(pair.target, data_center):
                return pair.target
        return None

    def lun(self, id_: str) -> Lun | None:
        """Return the LUN that takes the place of one, None without one."""
        return next((pair.target for pair in self.luns if pair.source.id == id_), None)

    def undecided(self) -> list[str]:
        """Return what has no target yet, for a message."""
        return [
            f"{section.name}: {pair.source}"
            for section in fields(self)
            for pair in getattr(self, section.name)
            if pair.target is None
        ]

    def way_back(self) -> SiteMapping:
        """Return the mapping of the way back; of several sources of one target the first takes its place there."""
        turned: dict[str, Any] = {}
        for section in fields(self):
            pairs: dict[Any, Pair[Any]] = {}
            for pair in getattr(self, section.name):
                if pair.target is not None and _has_name(pair.source):
                    pairs.setdefault(pair.target, Pair(pair.target, pair.source))
            turned[section.name] = tuple(pairs.values())
        return SiteMapping(**turned)

    def registration(
        self, *, data_center: str | None = None, logins: Iterable[tuple[str, str]] = ()
    ) -> dict[str, list[dict[str, Any]]]:
        """Return the `registration_configuration` of a request for entities of a data center of the target.

        The engine knows a source profile by its names only, so of two data centers that share these, the one of the
        entity counts. logins: (login, user domain) of the users that the target knows, see _logins. Empty lists are
        left out. LUNs hold their passwords.
        """
        lists = {
            key: [_named(pair.source, pair.target) for pair in getattr(self, section) if pair.target is not None]
            for key, section in _BY_NAME.items()
        }
        lists["domain_mappings"] = [_named(login, domain) for login, domain in self._logins(logins).items()]
        profiles = {
            (pair.source.network, pair.source.profile): _profile_entry(pair.source, pair.target)
            for pair in reversed(self.vnic_profiles)
            if pair.target is not None and _fits(pair.target, data_center)
        }
        lists["vnic_profile_mappings"] = list(profiles.values())
        lists["lun_mappings"] = [
            {"from": _lun_entry(pair.source), "to": _lun_entry(pair.target)} for pair in self.luns if pair.target
        ]
        return {key: entries for key, entries in lists.items() if entries}

    def _logins(self, logins: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return the user domain for each login that a mapped domain of the target knows.

        The engine looks a user up in this list by its login, not by its domain (workloads contract 2.2), so each user
        needs an entry. A login that several domains of the target know is left out: an entry would hand what belongs
        to one of them to the other.
        """
        domains: dict[str, set[str]] = {}
        for login, domain in logins:
            domains.setdefault(login, set()).add(domain)
        mapped = {pair.target for pair in self.user_domains if pair.target not in (None, pair.source)}
        return {login: found.pop() for login, found in sorted(domains.items()) if len(found) == 1 and found <= mapped}


_SECTIONS = tuple(section.name for section in fields(SiteMapping))


def read_mapping(node: Node) -> SiteMapping:
    """Return the mapping that a document holds; EngineError invalid names the key that is wrong."""
    found = node.keys("version", *_SECTIONS, required=("version",))
    found["version"].whole(VERSION, VERSION)
    return _read_sections(found)


def read_mapping_within(node: Node, *others: str) -> SiteMapping:
    """Return the mapping that stands in a document of another kind, with these other keys beside its sections.

    That document may be kept where many can read it, so it holds no passwords.
    """
    found = node.keys(*_SECTIONS, *others)
    for lun in found["luns"].items() if "luns" in found else ():
        for end in lun.entries().values():
            if "password" in end.entries():
                raise end.entries()["password"].wrong("is a secret, which does not belong here")
    return _read_sections(found)


def _read_sections(found: Fields) -> SiteMapping:
    readers: dict[str, Callable[[Node], Any]] = {"vnic_profiles": _read_profile, "luns": _read_lun}
    return SiteMapping(
        **{name: _read_pairs(found[name], readers.get(name, Node.text)) for name in _SECTIONS if name in found}
    )


def as_document(mapping: SiteMapping) -> dict[str, Any]:
    """Return the mapping as plain data that read_mapping takes: the format, without what is None."""
    return {
        "version": VERSION,
        **{
            section.name: [{"source": as_plain(pair.source), "target": as_plain(pair.target)} for pair in pairs]
            for section in fields(mapping)
            if (pairs := getattr(mapping, section.name))
        },
    }


def without_passwords(mapping: SiteMapping) -> SiteMapping:
    """Return the mapping as it may be shown."""
    luns = (Pair(_bare(pair.source), pair.target and _bare(pair.target)) for pair in mapping.luns)
    return replace(mapping, luns=tuple(luns))


def _bare(lun: Lun) -> Lun:
    return replace(lun, password=None)


def _read_pairs(node: Node, reader: Callable[[Node], T]) -> tuple[Pair[T], ...]:
    pairs: list[Pair[T]] = []
    seen: set[Hashable] = set()
    for item in node.items():
        found = item.keys("source", "target", required=("source",))
        target = found.get("target")
        pair = Pair(reader(found["source"]), reader(target) if target and target.value != "" else None)
        key = key_of(pair)
        if key in seen:
            raise item.wrong(f"maps {pair.source} a second time", "let each source stand once")
        seen.add(key)
        pairs.append(pair)
    return tuple(pairs)


def key_of(pair: Pair[Any]) -> Hashable:
    """Return what two entries of a list may not share: the engine fails on a source that is mapped twice.

    A profile may: whether two of the same names are for different data centers shows only at the target.
    """
    if isinstance(pair.source, Profile):
        return pair
    return pair.source.id if isinstance(pair.source, Lun) else pair.source


def _read_profile(node: Node) -> Profile:
    found = node.keys("network", "profile", "data_center", "id")
    texts = {key: found[key].text() for key in found if found[key].value != ""}
    if not node.path.endswith(".source") and "id" not in texts and not {"network", "profile"} <= set(texts):
        raise node.wrong("needs network and profile, or an id")
    if ("network" in texts) != ("profile" in texts):
        raise node.wrong("needs both network and profile; neither of them stands for NICs without a profile")
    return Profile(**texts)


def _read_lun(node: Node) -> Lun:
    found = node.keys(*(one.name for one in fields(Lun)), required=("id",))
    values: dict[str, Any] = {key: found[key].text() for key in found if key not in ("type", "port")}
    kind, port = found.get("type"), found.get("port")
    return Lun(
        **values, type=kind.choice("iscsi", "fcp") if kind else None, port=port.whole(1, 65535) if port else None
    )


def as_plain(value: Any) -> Any:
    """Return a source or target as plain data."""
    if isinstance(value, (Profile, Lun)):
        found = {one.name: getattr(value, one.name) for one in fields(value)}
        return {key: item for key, item in found.items() if item is not None}
    return value


def _has_name(source: Any) -> bool:
    return not isinstance(source, Profile) or bool(source.profile)


def _fits(target: Profile | None, data_center: str | None) -> bool:
    return target is not None and (data_center is None or target.data_center in (None, data_center))


def _named(source: str, target: str) -> dict[str, Any]:
    return {"from": {"name": source}, "to": {"name": target}}


def _profile_entry(source: Profile, target: Profile) -> dict[str, Any]:
    to = {"id": target.id} if target.id else {"name": target.profile, "network": {"name": target.network}}
    return {"from": {"name": source.profile, "network": {"name": source.network}}, "to": to}


def _lun_entry(lun: Lun) -> dict[str, Any]:
    unit = {one.name: getattr(lun, one.name) for one in fields(lun) if one.name != "type"}
    return {"lun_storage": {"type": lun.type, "logical_units": [unit]}}


def refuse_clashes(pairs: Sequence[Pair[Profile]]) -> None:
    """Refuse profiles that are mapped twice for one data center of the target; to be asked once these are known."""
    seen: dict[tuple[str, str, str | None], Pair[Profile]] = {}
    for pair in pairs:
        if pair.target is None:
            continue
        first = seen.setdefault((pair.source.network, pair.source.profile, pair.target.data_center), pair)
        if first.target != pair.target:
            source = f"{pair.source.network}/{pair.source.profile}"
            raise EngineError(
                "invalid",
                f"vnic_profiles maps {source} to {first.target} and to {pair.target}",
                remedy="the engine knows a profile of the source by its names only: keep one of the two",
            )
