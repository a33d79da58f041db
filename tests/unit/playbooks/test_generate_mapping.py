# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that writes a mapping file, as an operator runs it again after some decisions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.lifeboat.ovirt.plugins.module_utils.document import parse
from ansible_collections.lifeboat.ovirt.plugins.module_utils.mapping import Pair, read_mapping

COLLECTIONS = Path(sys.prefix) / "collections"
DECIDED = "version: 1\nclusters: [{source: retired, target: west-cl1}]\nroles: [{source: Boss, target: null}]\n"


def test_writes_what_is_proposed_and_keeps_what_is_decided(primary, secondary, tmp_path):
    file = tmp_path / "mapping.yml"
    file.write_text(DECIDED, encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OVIRT_", "ANSIBLE_"))},
        "ANSIBLE_HOME": str(tmp_path),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "LC_ALL": "C.UTF-8",
    }
    sites = {"primary": {"auth": primary.auth}, "secondary": {"auth": secondary.auth}}
    chosen = {"mapping_source": "primary", "mapping_target": "secondary", "mapping_file": str(file)}
    variables = json.dumps({"mapping_sites": sites, **chosen})
    command = [sys.executable, "-m", "ansible", "playbook", "lifeboat.ovirt.generate_mapping", "-e", variables]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = file.read_text(encoding="utf-8")
    mapping = read_mapping(parse(text, str(file)))
    assert mapping.clusters == (Pair("retired", "west-cl1"), Pair("east-cl1", "west-cl1"))
    assert "# taken for being the only candidate: please check" in text
    assert primary.auth["password"] not in text
