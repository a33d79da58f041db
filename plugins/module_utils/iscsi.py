# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding iSCSI targets from a host, and logging hosts in to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .host_storage import View, choose_hosts, view, views
from .model.loader import load_storage
from .model.site import Host, Site
from .results import EntityResult, counts, entities, named, raise_if_failed, report

if TYPE_CHECKING:
    from .engine.session import Session

ISCSI_PORT = 3260


@dataclass(frozen=True)
class Portal:
    """Where targets are asked for or logged in to, and the CHAP credentials for that."""

    address: str
    port: int = ISCSI_PORT
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    name: str | None = None

    @classmethod
    def read(cls, where: str, item: Mapping[str, Any]) -> Portal:
        """Return the portal that an entry of a module's list describes; where names the entry."""
        port = item.get("port") or ISCSI_PORT
        if not item["address"]:
            raise EngineError("invalid", f"{where} has no address", remedy="give the address of the iSCSI portal")
        if not 0 < port < 65536:
            raise EngineError("invalid", f"{where}: {port} is no TCP port", remedy="give a port from 1 to 65535")
        return cls(item["address"], port, item.get("username"), item.get("password"), item.get("portal"))

    @property
    def label(self) -> str:
        """Return how messages name it."""
        return f"{self.address}:{self.port}"

    def as_iscsi(self) -> dict[str, Any]:
        """Return it as the `iscsi` element of a request."""
        given = {"username": self.username, "password": self.password, "portal": self.name}
        return {"address": self.address, "port": self.port, **{key: text for key, text in given.items() if text}}


@dataclass(frozen=True)
class Target:
    """A target and all portals that lead to it."""

    name: str
    portals: tuple[Portal, ...]


def read_targets(items: Sequence[Mapping[str, Any]]) -> list[Target]:
    """Return a module's list `targets`, an entry for each target and portal, by target; EngineError invalid."""
    if not items:
        raise EngineError("invalid", "targets is empty", remedy="name at least one iSCSI target")
    portals: dict[str, list[Portal]] = {}
    for index, item in enumerate(items):
        where = f"targets[{index}]"
        if not item["target"]:
            raise EngineError("invalid", f"{where} has no target", remedy="give the name (IQN) of the target")
        found, portal = portals.setdefault(item["target"], []), Portal.read(where, item)
        if portal.label not in [one.label for one in found]:
            found.append(portal)
    return [Target(name, tuple(found)) for name, found in portals.items()]


def with_credentials(
    targets: Sequence[Mapping[str, Any]], credentials: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the entries of a list `targets` with the CHAP credentials of their target, where they have none."""
    known = {one["target"]: {key: one[key] for key in ("username", "password")} for one in credentials}
    return [{**item, **({} if item.get("username") else known.get(item["target"], {}))} for item in targets]


def discover_targets(
    engine: Session, *, host: str | None, data_center: str | None, portals: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the targets behind the portals, and those of them that the host is logged in to.

    A portal that does not answer is a warning where another one tells of it, and with that of all its targets.
    The engine tells logins per target, by the logical units behind it, not per portal.
    """
    if not portals:
        raise EngineError("invalid", "portals is empty", remedy="give at least one address to discover targets at")
    asked = [Portal.read(f"portals[{index}]", item) for index, item in enumerate(portals)]
    chosen = choose_hosts(load_storage(engine), [host] if host else [], data_center)[0]
    answers = each(engine, asked, lambda portal: discover(engine, chosen, portal))
    found = {
        (one["target"], one["address"], one["port"]): one
        for answer in answers
        if not isinstance(answer, EngineError)
        for one in answer
    }
    told = {f"{address}:{port}" for _unused, address, port in found}
    results, warnings = [], []
    for portal, answer in zip(asked, answers, strict=True):
        results.append(_portal_result(portal, answer, told))
        if isinstance(answer, EngineError) and portal.label in told:
            warnings.append(f"portal {portal.label} does not answer host {chosen.name}, but others lead to its targets")
    seen = {unit.target for unit in view(engine, chosen)}
    result = {
        "changed": False,
        "host": {"id": chosen.id, "name": chosen.name},
        "iscsi_targets": list(found.values()),
        "logged_in": sorted({one["target"] for one in found.values()} & seen),
        "entities": entities(results),
        "counts": counts(results),
        "warnings": warnings,
    }
    raise_if_failed("discover targets at", results, result)
    return result


def _portal_result(portal: Portal, answer: object, told: set[str]) -> EntityResult:
    if isinstance(answer, EngineError) and portal.label in told:
        return EntityResult(portal.label, portal.label, "skipped", f"another portal told its targets; {answer}")
    return EntityResult.of(portal.label, portal.label, answer)


def discover(engine: Session, host: Host, portal: Portal) -> list[dict[str, Any]]:
    """Return what a portal tells a host: a target and one of its portals each, which logs nobody in."""
    # `iscsidiscover` is served by every engine since 4.0, its successor only from 4.4.6 on; both answer alike.
    answer = engine.query_action(
        f"hosts/{host.id}",
        "iscsidiscover",
        {"iscsi": portal.as_iscsi()},
        doing=f"discover iSCSI targets at {portal.label} from host {host.name}",
        entity=Entity("host", host.id, host.name),
    )
    if answer.discovered_targets is None:
        # Engines before 4.2 tell names only.
        names = answer.iscsi_targets or ()
        return [{"target": one, "address": portal.address, "port": portal.port, "portal": None} for one in names]
    keys = ("target", "address", "port", "portal")
    return [{key: getattr(one, key) for key in keys} for one in answer.discovered_targets]


@dataclass(frozen=True)
class Login:
    """A host that shall be logged in to a target. paths: how many lead from there to its logical units now."""

    host: Host
    target: Target
    paths: int

    @property
    def complete(self) -> bool:
        """Whether there is nothing to gain: the host has as many paths as there are portals."""
        return self.paths >= len(self.target.portals)

    @property
    def id(self) -> str:
        """Return how results identify it."""
        return f"{self.host.id}/{self.target.name}"

    @property
    def label(self) -> str:
        """Return how results name it."""
        return f"{self.target.name} on {self.host.name}"


def plan(hosts: Sequence[Host], targets: Sequence[Target], seen: Mapping[str, View]) -> list[Login]:
    """Return every login that is wanted, with what each host sees of the target already."""
    return [Login(host, target, paths_to(target.name, seen[host.id])) for host in hosts for target in targets]


def paths_to(target: str, units: View) -> int:
    """Return how many paths there are to the logical unit behind a target that has the fewest, 0 without one."""
    return min((unit.paths for unit in units if unit.target == target), default=0)


def log_in(
    engine: Session,
    *,
    host: str | None,
    data_center: str | None,
    targets: Sequence[Mapping[str, Any]],
    credentials: Sequence[Mapping[str, Any]] = (),
    check_mode: bool,
) -> dict[str, Any]:
    """Log one host, or every up host of a data center, in to the targets over all of their portals.

    No state tells a login, only what the host sees: a login after which it sees no more than before was none.
    A portal that fails stops nothing; it is a warning where the target was reached over another one.
    """
    wanted = read_targets(with_credentials(targets, credentials))
    site = load_storage(engine)
    hosts = choose_hosts(site, [host] if host else [], data_center)
    before = views(engine, hosts)
    logins = plan(hosts, wanted, before)
    warnings = _resting(site, hosts, None if host else data_center)
    if check_mode:
        results = [_predicted(login) for login in logins]
    else:
        results, found = _carry_out(engine, hosts, logins, before)
        warnings += found
    result = report(
        results,
        before={"logged_in": named(results, "skipped")},
        after={"logged_in": named(results, "skipped", "succeeded")},
    )
    result["warnings"] = warnings
    raise_if_failed("log in to", results, result)
    return result


def _resting(site: Site, hosts: Sequence[Host], data_center: str | None) -> list[str]:
    """Return a warning for each host of a data center that is left out."""
    if not data_center:
        return []
    others = [one for one in site.hosts_of(site.data_center(data_center)) if one not in hosts]
    return [f"host {one.name} is {one.status} and was not logged in" for one in others]


def _predicted(login: Login) -> EntityResult:
    if login.complete:
        return _already(login)
    return EntityResult(login.id, login.label, "succeeded")


def _already(login: Login) -> EntityResult:
    return EntityResult(login.id, login.label, "skipped", "already logged in")


def _carry_out(
    engine: Session, hosts: Sequence[Host], logins: Sequence[Login], before: Mapping[str, View]
) -> tuple[list[EntityResult], list[str]]:
    """Send what is missing, and return the result of each login and the warnings."""
    sent = [(login, portal) for login in logins if not login.complete for portal in login.target.portals]
    outcomes = each(engine, sent, lambda one: _log_in(engine, *one))
    failed: dict[str, list[tuple[Portal, EngineError]]] = {}
    for (login, portal), outcome in zip(sent, outcomes, strict=True):
        if isinstance(outcome, EngineError):
            failed.setdefault(login.id, []).append((portal, outcome))
    after = views(engine, [host for host in hosts if any(login.host == host for login, _unused in sent)])
    results, warnings = [], []
    for login in logins:
        bad = failed.get(login.id, [])
        if login.complete:
            results.append(_already(login))
        elif len(bad) == len(login.target.portals):
            results.append(_refused(login, bad))
        else:
            results.append(_done(login, before[login.host.id], after[login.host.id]))
            warnings += [f"{login.label} is not reached over portal {portal.label}: {exc}" for portal, exc in bad]
            if not paths_to(login.target.name, after[login.host.id]):
                warnings.append(f"host {login.host.name} sees no logical unit behind target {login.target.name}")
    return results, warnings


def _refused(login: Login, bad: Sequence[tuple[Portal, EngineError]]) -> EntityResult:
    reasons = "; ".join(str(exc) for _unused, exc in bad)
    unknown = any(exc.unknown for _unused, exc in bad)
    remedy = "check that the portal answers this host, and the CHAP user name and password of the target"
    return EntityResult(login.id, login.label, "unknown" if unknown else "failed", reasons, remedy)


def _done(login: Login, before: View, after: View) -> EntityResult:
    # A logical unit shows the target of its first path only, so the login to a second target shows as a further path.
    had = {unit.id: unit.paths for unit in before}
    if any(unit.paths > had.get(unit.id, 0) for unit in after):
        return EntityResult(login.id, login.label, "succeeded")
    return _already(login)


def _log_in(engine: Session, login: Login, portal: Portal) -> None:
    host, target = login.host, login.target
    intent = Intent(
        doing=f"log host {host.name} in to {target.name} at {portal.label}",
        entity=Entity("host", host.id, host.name),
        landed=lambda: paths_to(target.name, view(engine, host)) > login.paths,
    )
    engine.act(f"hosts/{host.id}", "iscsilogin", {"iscsi": {**portal.as_iscsi(), "target": target.name}}, intent)
