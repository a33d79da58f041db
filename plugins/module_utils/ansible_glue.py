# SPDX-License-Identifier: GPL-3.0-or-later
"""Between Ansible and the rest: the option auth, the session it describes, and the one way to report a failure."""

from __future__ import annotations

import configparser
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .engine.credentials import API_PATH, Credentials
from .engine.errors import EngineError, LibraryMissing
from .results import iso

if TYPE_CHECKING:
    from .engine.session import Session

_ENVIRONMENT = {
    "url": "OVIRT_URL",
    "hostname": "OVIRT_HOSTNAME",
    "username": "OVIRT_USERNAME",
    "password": "OVIRT_PASSWORD",
    "token": "OVIRT_TOKEN",
    "ca_file": "OVIRT_CAFILE",
}
_INI_PATH = "OVIRT_INI_PATH"
_INI_SECTION = "ovirt"
_INI_KEYS = {"url": "ovirt_url", "username": "ovirt_username", "password": "ovirt_password", "ca_file": "ovirt_ca_file"}
_URL_PASSWORD = re.compile("//[^/]*?:([^/]*)@")
_SECRET_HEADER = re.compile("auth|cookie|token|secret|password|key", re.IGNORECASE)


def auth_spec() -> dict[str, Any]:
    """Return the argument spec of the option auth; the documentation fragment lifeboat.ovirt.auth describes it."""
    return {
        "auth": {
            "type": "dict",
            "options": {
                "url": {"type": "str"},
                "hostname": {"type": "str"},
                "username": {"type": "str"},
                "password": {"type": "str", "no_log": True},
                "token": {"type": "str", "no_log": True},
                "ca_file": {"type": "path"},
                "insecure": {"type": "bool", "default": False},
                "headers": {"type": "dict"},
                "timeout": {"type": "int", "default": 0},
                "kerberos": {"type": "bool", "default": False},
                "compress": {"type": "bool", "default": True},
            },
        }
    }


def rules_spec() -> dict[str, Any]:
    """Return the argument spec of the option rules; the documentation fragment lifeboat.ovirt.rules describes it."""
    return {
        "rules": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "id": {"type": "str", "required": True},
                "severity": {"type": "str", "choices": ["warn", "ignore"], "required": True},
                "reason": {"type": "str", "required": True},
            },
        }
    }


def partial_spec() -> dict[str, Any]:
    """Return the argument spec of the option on_partial; the fragment lifeboat.ovirt.partial describes it."""
    return {"on_partial": {"type": "str", "choices": ["fail", "report"], "default": "fail"}}


def domain_spec() -> dict[str, Any]:
    """Return the argument spec of what is said of a storage domain alike, whether it is made or imported."""
    return {
        "address": {"type": "str"},
        "path": {"type": "str"},
        "vfs_type": {"type": "str"},
        "mount_options": {"type": "str"},
        "nfs_version": {"type": "str", "choices": ["auto", "v3", "v4", "v4_0", "v4_1", "v4_2"]},
        "nfs_timeo": {"type": "int"},
        "nfs_retrans": {"type": "int"},
        "backup": {"type": "bool", "default": False},
        "wipe_after_delete": {"type": "bool"},
        "discard_after_delete": {"type": "bool"},
        "warning_low_space_indicator": {"type": "int"},
        "critical_space_action_blocker": {"type": "int"},
    }


def targets_spec() -> dict[str, Any]:
    """Return the argument spec of the option targets; the fragment lifeboat.ovirt.targets describes it."""
    return {
        "targets": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "target": {"type": "str", "required": True},
                "address": {"type": "str", "required": True},
                "port": {"type": "int", "default": 3260},
                "portal": {"type": "str"},
                "username": {"type": "str"},
                "password": {"type": "str", "no_log": True},
            },
        }
    }


def warned(module: AnsibleModule, result: Mapping[str, Any]) -> dict[str, Any]:
    """Let the module warn of what a result has under `warnings`, and return the rest."""
    for warning in result.get("warnings", ()):
        module.warn(warning)
    return {key: value for key, value in result.items() if key != "warnings"}


def mapping_spec() -> dict[str, Any]:
    """Return the argument spec of the option mapping; the fragment lifeboat.ovirt.mapping describes it."""
    profile = {key: {"type": "str"} for key in ("network", "profile", "data_center", "id")}
    texts = {key: {"type": "str"} for key in ("address", "portal", "target", "username")}
    lun = {
        "id": {"type": "str", "required": True},
        "type": {"type": "str", "choices": ["iscsi", "fcp"]},
        "port": {"type": "int"},
        "password": {"type": "str", "no_log": True},
        **texts,
    }
    names = ("clusters", "affinity_groups", "affinity_labels", "roles", "user_domains")
    sections = {
        **{section: _pairs_spec({"type": "str"}) for section in names},
        "vnic_profiles": _pairs_spec({"type": "dict", "options": profile}),
        "luns": _pairs_spec({"type": "dict", "options": lun}),
    }
    return {"mapping": {"type": "dict", "options": {"version": {"type": "int", "required": True}, **sections}}}


def _pairs_spec(side: Mapping[str, Any]) -> dict[str, Any]:
    options = {"source": {**side, "required": True}, "target": dict(side)}
    return {"type": "list", "elements": "dict", "options": options}


def subset(params: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the named parameters only."""
    return {name: params[name] for name in names}


def session(params: Mapping[str, Any], *, check_mode: bool = False) -> Session:
    """Return a Session for the option auth among a module's parameters; in check mode it refuses to send a change.

    Raises EngineError "invalid" where that is not enough to log in. To be used inside reported(), which hides secrets.
    """
    # Here, since a module without an engine would load the SDK in vain.
    from .engine.session import Session

    return Session(credentials(params), read_only=check_mode)


def credentials(params: Mapping[str, Any]) -> Credentials:
    """Return what the option auth among a module's parameters, the environment and the ini file say together."""
    return _Resolved.of(params.get("auth")).credentials()


class Stopwatch:
    """Measures how long a module's work takes."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._time = datetime.now(UTC)

    @property
    def times(self) -> dict[str, Any]:
        """Return what every result says of it: when it began, UTC, and how many seconds it took, to the hundredth."""
        return {"began": iso(self._time), "elapsed": round(time.monotonic() - self._begun, 2)}


@contextmanager
def reported(module: AnsibleModule) -> Iterator[Stopwatch]:
    """End the module with fail_json for an EngineError from inside; anything else is a bug and looks like one.

    The failure has msg, error_kind, remedy, entity (kind, id and name, or None), the times, and the error's details.
    A partial failure is reported as success with the same keys and a warning, where the option on_partial says so.
    No secret that belongs to auth leaves the module, wherever it came from. The value measures the time of the work.
    """
    stopwatch = Stopwatch()
    try:
        for option in ("auth", "source_auth"):
            module.no_log_values.update(_Resolved.of(module.params.get(option)).secrets())
        yield stopwatch
    except LibraryMissing as exc:
        text = missing_required_lib(exc.library)
        module.fail_json(msg=text, exception=exc.trace, **stopwatch.times, **_failure(exc))
    except EngineError as exc:
        leave = module.fail_json
        if exc.kind == "partial" and module.params.get("on_partial") == "report":
            module.warn(str(exc))
            leave = module.exit_json
        leave(msg=str(exc), **stopwatch.times, **warned(module, _failure(exc)))


def _failure(exc: EngineError) -> dict[str, Any]:
    entity = asdict(exc.entity) if exc.entity else None
    return {**exc.details, "error_kind": exc.kind, "remedy": exc.remedy, "entity": entity}


@dataclass(frozen=True)
class _Resolved:
    """The option auth with every key looked up: in auth, then in the environment, then in the file OVIRT_INI_PATH."""

    auth: Mapping[str, Any]
    sources: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, auth: Mapping[str, Any] | None) -> _Resolved:
        given = auth or {}
        environment = {key: os.environ.get(name) for key, name in _ENVIRONMENT.items()}
        return cls(given, (given, environment, _ini_file()))

    def value(self, key: str) -> Any:
        # An AWX survey sends an empty string for what was left out.
        return next((source[key] for source in self.sources if source.get(key) not in (None, "")), None)

    def rank(self, *keys: str) -> int:
        """Which source is the first to have one of the keys; the lower the stronger."""
        found = (n for n, source in enumerate(self.sources) if any(source.get(key) for key in keys))
        return next(found, len(self.sources))

    def secrets(self) -> set[str]:
        """Everything that must not be shown, including what a stronger source has replaced."""
        headers = self.auth.get("headers") or {}
        found = [source.get(key) for source in self.sources for key in ("password", "token")]
        # Such an address is refused, but Ansible shows the arguments of a module that fails.
        found += [in_url[1] for source in self.sources if (in_url := _URL_PASSWORD.search(source.get("url") or ""))]
        found += [value for name, value in headers.items() if _SECRET_HEADER.search(str(name))]
        return {str(value) for value in found if value}

    def credentials(self) -> Credentials:
        url = self.value("url")
        hostname = self.value("hostname")
        if hostname and self.rank("hostname") < self.rank("url"):
            url = f"https://{hostname}{API_PATH}"
        # A token that lies in the environment must not replace the user whom the task names.
        token_is_stronger = self.rank("token") <= self.rank("username", "password", "kerberos")
        ca_file = self.value("ca_file")
        return Credentials(
            url=url,
            username=self.value("username"),
            password=self.value("password"),
            token=self.value("token") if token_is_stronger else None,
            ca_file=os.path.expanduser(ca_file) if ca_file else None,
            insecure=bool(self.auth.get("insecure")),
            headers={str(name): str(value) for name, value in (self.auth.get("headers") or {}).items()},
            kerberos=bool(self.auth.get("kerberos")),
            compress=self.auth.get("compress") is not False,
            timeout=self.auth.get("timeout") or 0,
        )


def _ini_file() -> dict[str, str | None]:
    path = os.environ.get(_INI_PATH)
    if not path:
        return {}
    # A password may hold a percent sign.
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, UnicodeDecodeError, configparser.Error) as exc:
        # The text of a parsing error shows the line that it met, and that may be the password.
        why = exc.strerror if isinstance(exc, OSError) else "it is no ini file"
        raise EngineError("invalid", f"{_INI_PATH} names the file {path}, which cannot be read: {why}") from None
    return {key: parser.get(_INI_SECTION, name, fallback=None) for key, name in _INI_KEYS.items()}
