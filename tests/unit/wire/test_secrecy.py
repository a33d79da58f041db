# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret is in what a real ansible-playbook prints, however much it is asked to tell, and no traceback is either."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus

import pytest
import yaml

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine import session
from ovirt_simulator.rest.sso import PASSWORD
from ovirt_simulator.site import SimulatedSite
from wire_client import Client

COLLECTIONS = Path(session.__file__).parents[6]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")

MIXED = "iqn.2031-05.test.array-b:mixed"
PORTAL = {"address": "10.20.1.10"}
CHAP = {"username": "mixed-user", "password": "mixed-secret"}
# Not a part of any name, path or text that may be printed.
WRONG = {
    "password": "wr0ng+engine/pass&word",
    "token": "wr0ng-bearer-t0ken",
    "chap": "wr0ng-chap-secret",
    "header": "wr0ng-header-v4lue",
    "address": "wr0ng-pass-in-the-addr3ss",
    "environment": "wr0ng-pass-from-envir0nment",
    "file": "wr0ng%pass-from-the-f1le",
}


@dataclass(frozen=True)
class Task:
    """A module call, and the failure that it has to end with (None for success)."""

    module: str
    options: Mapping[str, Any]
    ends: str | None = None
    environment: Mapping[str, str] | None = None
    check: bool = False

    def as_step(self, number: int) -> dict[str, Any]:
        step = {
            "name": f"Call number {number}",
            f"lifeboat.ovirt.{self.module}": self.options,
            "register": f"result_{number}",
            "failed_when": False,
            "check_mode": self.check,
        }
        return {**step, "environment": self.environment} if self.environment else step

    def as_condition(self, number: int) -> str:
        """Return what holds if it ended as it has to; what is wrong with its arguments Ansible tells without a kind."""
        unkind = f"'arguments' if 'arguments' in result_{number}.msg | default('') else 'success'"
        return f"(result_{number}.error_kind | default({unkind})) == '{self.ends or 'success'}'"


def secret(name: str) -> str:
    return f"{{{{ secrets['{name}'] }}}}"


@pytest.fixture
def engine_address(secondary: SimulatedSite, tmp_path: Path) -> dict[str, str]:
    """How to reach the engine; the CA file lies where no part of its path looks like a secret."""
    ca_file = tmp_path / "ca.pem"
    shutil.copy(secondary.ca_file, ca_file)
    return {"url": secondary.url, "ca_file": str(ca_file)}


@pytest.fixture
def tasks(engine_address: dict[str, str]) -> list[Task]:
    user = {**engine_address, "username": "admin@internal"}
    right = {**user, "password": secret("right")}
    chap = {"username": CHAP["username"], "password": secret("right_chap")}
    target = {"target": MIXED, **PORTAL}
    no_environment = {"OVIRT_PASSWORD": ""}

    def login(**credentials: str) -> dict[str, Any]:
        return {"auth": right, "host": "west-h1", "targets": [{**target, **credentials}]}

    def look(**auth: Any) -> dict[str, Any]:
        return {"auth": {**engine_address, **auth}, "host": "west-h1", "portals": [PORTAL]}

    search = [{**target, **chap}]
    address = f"https://admin:{secret('address')}@127.0.0.1/ovirt-engine/api"
    header = {"X-Gateway-Token": secret("header")}
    return [
        Task("iscsi_target_info", look(**user, password=secret("password")), "auth"),
        Task("iscsi_target_info", look(**user), "auth"),
        Task("iscsi_target_info", look(**user), "auth", no_environment),
        Task("iscsi_target_info", look(**{**user, "url": address}), "invalid"),
        Task("iscsi_target_info", look(token=secret("token")), "auth"),
        Task("iscsi_target_info", look(token=secret("right_token"), headers=header)),
        Task("iscsi_target_info", {**look(), "auth": right, "portals": [{**PORTAL, **chap}]}),
        Task("iscsi_target_info", {"auth": {**right, "token": secret("token")}, "host": "west-h1"}, "arguments"),
        Task("iscsi_login", login(**chap), check=True),
        Task("iscsi_login", login(username=CHAP["username"], password=secret("chap")), "partial"),
        Task("iscsi_login", login(**chap)),
        Task("unregistered_storage_domain_info", {"auth": right, "hosts": ["west-h1"], "targets": search}),
        Task("iscsi_login", {"auth": {**right, "headers": header}, "host": "west-h1", "targets": []}, "invalid"),
    ]


def run(folder: Path, tasks: list[Task], secrets: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tasks as one playbook, whose secrets come from a file as they would from a vault."""
    steps = [task.as_step(number) for number, task in enumerate(tasks)]
    ended = [task.as_condition(number) for number, task in enumerate(tasks)]
    judge = {"ansible.builtin.assert": {"that": ended}}
    content = [{"hosts": "localhost", "gather_facts": False, "tasks": [*steps, judge]}]
    (folder / "play.yml").write_text(yaml.safe_dump(content))
    (folder / "secrets.yml").write_text(yaml.safe_dump({"secrets": dict(secrets)}))
    (folder / "engine.ini").write_text(f"[ovirt]\novirt_password={WRONG['file']}\n")
    environment = {
        "PATH": f"{PLAYBOOK.parent}:{os.defpath}",
        "LC_ALL": "C.UTF-8",
        "HOME": str(folder),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_PIPELINING": "true",
        "OVIRT_PASSWORD": WRONG["environment"],
        "OVIRT_INI_PATH": str(folder / "engine.ini"),
    }
    command = [str(PLAYBOOK), "-vvvv", "--diff", "-e", "@secrets.yml", "play.yml"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


def sent_to(site: SimulatedSite, service: str, field: str) -> set[str]:
    """Return the values of a form field in all requests to a login service."""
    bodies = [entry.body for entry in site.requests if entry.path.endswith(service)]
    return {value for body in bodies for value in parse_qs(body)[field]}


def test_no_secret_and_no_traceback_is_printed(secondary, tmp_path, tasks):
    secrets = {**WRONG, "right": PASSWORD, "right_chap": CHAP["password"], "right_token": Client(secondary).token}
    secondary.requests.clear()
    done = run(tmp_path, tasks, secrets)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert "invocation" in printed, "without the modules' arguments nothing is shown that could hold a secret"
    tried = {PASSWORD, WRONG["password"], WRONG["environment"], WRONG["file"]}
    assert sent_to(secondary, "/oauth/token", "password") == tried
    # What the modules fetched for themselves is seen when they hand it back.
    own_tokens = sent_to(secondary, "/sso-logout", "token")
    forms = {form for one in {*secrets.values(), *own_tokens} for form in (one, quote_plus(one))}
    assert [one for one in sorted(forms) if one in printed] == []
    assert "Traceback" not in printed
