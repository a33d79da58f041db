# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a module in this process, as ansible-core would, and reading what it prints."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings

try:
    from ansible.module_utils import _internal
except ImportError:  # before ansible-core 2.19
    _internal = None

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # before ansible-core 2.17

    @contextmanager
    def patch_module_args(args: dict[str, Any] | None = None) -> Iterator[None]:
        before = basic._ANSIBLE_ARGS
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": args or {}}).encode()
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = before


MODULES = "ansible_collections.lifeboat.ovirt.plugins.modules"


@pytest.fixture
def play(capsys, monkeypatch):
    """Return a function that runs a module by name and returns its result, in which warnings are texts."""
    for name in ("OVIRT_URL", "OVIRT_HOSTNAME", "OVIRT_USERNAME", "OVIRT_PASSWORD", "OVIRT_TOKEN", "OVIRT_CAFILE"):
        monkeypatch.delenv(name, raising=False)

    def run(name: str, /, *, check: bool = False, **params: Any) -> dict[str, Any]:
        given = {"_ansible_remote_tmp": "/tmp", "_ansible_keep_remote_files": False, "_ansible_check_mode": check}
        # A module has a process of its own, in which nothing of the controller is; here they share what they collect.
        if _internal is not None:
            monkeypatch.setattr(_internal, "is_controller", False, raising=False)
        warnings._global_warnings.clear()
        with patch_module_args({**params, **given, "_ansible_diff": True}), pytest.raises(SystemExit) as left:
            importlib.import_module(f"{MODULES}.{name}").main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        if "warnings" in result:
            result["warnings"] = list(warnings.get_warning_messages())
        assert bool(left.value.code) == bool(result.get("failed")), "the exit code has to tell the truth"
        return result

    return run
