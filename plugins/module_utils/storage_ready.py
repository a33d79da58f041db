# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the hosts of a site see storage domains in a way that they could write to them, and waiting until they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .domain_request import BLOCK_TYPES, FILE_TYPES
from .engine.errors import EngineError
from .engine.query import checked_uuid
from .engine.waiting import wait_until
from .host_storage import Unit, View, answers, choose_hosts
from .model.loader import load_storage
from .model.site import Host, Site

if TYPE_CHECKING:
    from .engine.session import Session

_FILES = "the API does not show what hosts see of file storage before it is imported"
_ZONE = "present its logical units to this host, and log it in to their targets (iscsi_login)"
_PATHS = "see the paths to the storage, and whether the array lets this site write"


@dataclass(frozen=True)
class Expected:
    """A storage domain that the hosts should see."""

    id: str
    name: str
    storage_type: str


@dataclass(frozen=True)
class Lack:
    """What a host lacks of a storage domain."""

    storage_domain: str
    host: str
    reason: str
    remedy: str | None


@dataclass(frozen=True)
class Look:
    """What one look at the hosts has shown of a domain; ready is None where nothing can be told, reason says why."""

    domain: Expected
    ready: bool | None
    reason: str | None = None
    units: tuple[str, ...] = ()
    lacks: tuple[Lack, ...] = ()

    def as_result(self) -> dict[str, Any]:
        """Return it as the module reports it."""
        return {**asdict(self.domain), "ready": self.ready, "reason": self.reason, "logical_units": list(self.units)}


def read_expected(items: Sequence[Mapping[str, Any]]) -> list[Expected]:
    """Return a module's list `storage_domains`; EngineError invalid names the entry that is wrong."""
    if not items:
        raise EngineError("invalid", "storage_domains is empty", remedy="name the storage domains to look for")
    found = []
    for index, item in enumerate(items):
        where = f"storage_domains[{index}]"
        kinds = sorted(BLOCK_TYPES | FILE_TYPES)
        if item.get("storage_type") not in kinds:
            raise EngineError("invalid", f"{where}.storage_type has to be one of {', '.join(kinds)}")
        id_ = checked_uuid(str(item.get("id") or ""), f"storage domain ({where}.id)")
        found.append(Expected(id_, item.get("name") or id_, item["storage_type"]))
    return found


def judge(
    site: Site, data_center_id: str, seen: Mapping[Host, View | EngineError], expected: Sequence[Expected]
) -> list[Look]:
    """Return for each domain what the hosts of a data center have said."""
    active = {domain.id for domain in site.domains_of(data_center_id) if domain.status == "active"}
    return [_look(one, one.id in active, seen) for one in expected]


def _look(domain: Expected, active: bool, seen: Mapping[Host, View | EngineError]) -> Look:
    if active:
        return Look(domain, True, "it is active in this data center already")
    if domain.storage_type in FILE_TYPES:
        return Look(domain, None, _FILES)
    units = {host: _units_of(domain, said) for host, said in seen.items() if not isinstance(said, EngineError)}
    every = tuple(sorted({unit.id for own in units.values() for unit in own}))
    lacks = tuple(lack for host, said in seen.items() for lack in _lacks(domain, host, said, every))
    return Look(domain, not lacks, "; ".join(f"{one.host}: {one.reason}" for one in lacks) or None, every, lacks)


def _units_of(domain: Expected, view: View) -> list[Unit]:
    return [unit for unit in view if unit.storage_domain_id == domain.id and unit.storage_type == domain.storage_type]


def _lacks(domain: Expected, host: Host, said: View | EngineError, every: Sequence[str]) -> Iterator[Lack]:
    if isinstance(said, EngineError):
        yield Lack(domain.name, host.name, str(said), said.remedy)
        return
    own = {unit.id: unit for unit in _units_of(domain, said)}
    if not own:
        yield Lack(domain.name, host.name, "sees no logical unit of it", _ZONE)
        return
    for id_ in every:
        if id_ not in own:
            yield Lack(domain.name, host.name, f"does not see the logical unit {id_} of it", _ZONE)
        elif own[id_].dead:
            yield Lack(domain.name, host.name, f"has no working path to the logical unit {id_}", _PATHS)
        elif own[id_].status == "unusable":
            yield Lack(domain.name, host.name, f"cannot use the logical unit {id_}", _PATHS)


def await_storage(
    engine: Session,
    *,
    data_center: str,
    storage_domains: Sequence[Mapping[str, Any]],
    deadline: float,
    poll_interval: float,
) -> dict[str, Any]:
    """Return what the hosts of a data center that are up see of storage domains, as soon as nothing is missing.

    deadline: seconds to wait, 0 for one look, whatever it shows. EngineError timeout, with the same keys, where
    something is missing at the end.
    """
    if deadline < 0 or poll_interval <= 0:
        raise EngineError("invalid", "deadline has to be 0 at least, and poll_interval more than 0")
    expected = read_expected(storage_domains)
    looks: list[list[Look]] = []

    def look() -> list[Look]:
        site = load_storage(engine)
        hosts = choose_hosts(site, (), data_center)
        seen = answers(engine, hosts if any(one.storage_type in BLOCK_TYPES for one in expected) else (), status=True)
        looks.append(judge(site, site.data_center(data_center).id, seen, expected))
        return looks[-1]

    if _complete(look()) or not deadline:
        return _result(looks[-1])
    try:
        wait_until(
            look,
            _complete,
            what=f"hosts of data center {data_center} to see their storage",
            timeout=deadline,
            poll_interval=poll_interval,
            status=_told,
            clock=engine.clock,
            sleep=engine.sleep,
        )
    except EngineError as exc:
        raise EngineError(exc.kind, str(exc), remedy=exc.remedy, details=_result(looks[-1])) from exc
    return _result(looks[-1])


def _complete(looks: Sequence[Look]) -> bool:
    return all(one.ready is not False for one in looks)


def _told(looks: Sequence[Look]) -> str:
    return "; ".join(f"storage domain {one.domain.name}: {one.reason}" for one in looks if one.ready is False)


def _result(looks: Sequence[Look]) -> dict[str, Any]:
    return {
        "changed": False,
        "ready": _complete(looks),
        "storage_domains": [one.as_result() for one in looks],
        "missing": [asdict(lack) for one in looks for lack in one.lacks],
        "warnings": [
            f"storage domain {one.domain.name}: nothing can be told, {one.reason}" for one in looks if one.ready is None
        ],
    }
