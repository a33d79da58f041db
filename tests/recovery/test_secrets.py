# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret is in anything that a run prints or leaves behind, whether it succeeds or fails."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, quote_plus

import pytest

from ovirt_simulator.rest.sso import PASSWORD
from ovirt_simulator.site import SimulatedSite, Sites
from playing import CHAP, variables
from site_facts import THERE

_WRONG = "wr0ng-chap-secret"


def tokens(site: SimulatedSite) -> set[str]:
    """Return the tokens that clients were given, as they handed them back."""
    bodies = [one.body for one in site.requests if one.path.endswith("/sso-logout")]
    return {value for body in bodies for value in parse_qs(body)["token"]}


def test_no_secret_is_printed_logged_or_reported(
    sites: Sites,
    ansible_playbook: Callable[..., tuple[int, str]],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    right = variables(sites, recovery_report_directory=str(tmp_path / "reports"), **THERE)
    # No part of a path may look like a secret.
    ca_file = shutil.copy(sites["primary"].ca_file, tmp_path / "ca.pem")
    right["recovery_sites"] = {name: {"auth": {**sites[name].auth, "ca_file": str(ca_file)}} for name in sites}
    wrong = {**right, "recovery_chap": [{**one, "password": _WRONG} for one in CHAP]}
    # The operator's own file; on the command line secrets are in the open anyway.
    vault = tmp_path_factory.mktemp("vault") / "variables.json"
    printed = ""
    for given, works in ((wrong, False), (right, True)):
        vault.write_text(json.dumps(given), encoding="utf-8")
        options = ["-vvvv", "--diff", "-e", f"@{vault}"]
        code, output = ansible_playbook(
            "lifeboat.ovirt.planned_migration", *options, ANSIBLE_LOG_PATH=str(tmp_path / "ansible.log")
        )
        assert (code == 0) == works, output[-6000:]
        printed += output
    assert "invocation" in printed, "without the modules' arguments nothing is shown that could hold a secret"
    left = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {Path(name).suffix for name in left} >= {".json", ".html", ".log"}
    left["output"] = printed.encode()
    known = {
        PASSWORD,
        _WRONG,
        *(one["password"] for one in CHAP),
        *tokens(sites["primary"]),
        *tokens(sites["secondary"]),
    }
    assert len(known) > 10, "each module has a token of its own"
    forms = {form.encode() for one in known for form in (one, quote_plus(one))}
    assert [(name, form) for name, content in left.items() for form in forms if form in content] == []
