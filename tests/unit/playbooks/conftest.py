# SPDX-License-Identifier: GPL-3.0-or-later
"""Running playbooks as an operator does; nothing of it asks for a shell of the user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

COLLECTIONS = Path(sys.prefix) / "collections"


@pytest.fixture
def start_playbook(tmp_path):
    """Return a function that starts ansible-playbook, with further variables of the environment."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OVIRT_", "ANSIBLE_"))},
        "ANSIBLE_HOME": str(tmp_path),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_SHOW_CUSTOM_STATS": "true",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "LC_ALL": "C.UTF-8",
    }

    def start(*arguments, output=subprocess.PIPE, **more):
        command = [sys.executable, "-m", "ansible", "playbook", *arguments]
        return subprocess.Popen(command, env={**environment, **more}, stdout=output, stderr=output, text=True)

    return start


@pytest.fixture
def ansible_playbook(start_playbook):
    """Return a function that calls ansible-playbook like start_playbook, and returns exit code and output."""

    def call(*arguments, **more):
        with start_playbook(*arguments, **more) as process:
            output, errors = process.communicate()
        return process.returncode, output + errors

    return call


@pytest.fixture
def run_on(ansible_playbook):
    """Return a function that runs a playbook of the collection on a site."""

    def play(site, name, *options, **variables):
        auth = site.auth
        engine = {
            "OVIRT_URL": auth["url"],
            "OVIRT_USERNAME": auth["username"],
            "OVIRT_PASSWORD": auth["password"],
            "OVIRT_CAFILE": auth["ca_file"],
        }
        return ansible_playbook(f"lifeboat.ovirt.{name}", "-e", json.dumps(variables), *options, **engine)

    return play


@pytest.fixture
def run(primary, run_on):
    """Return a function that runs a playbook of the collection on the primary site."""
    return partial(run_on, primary)
