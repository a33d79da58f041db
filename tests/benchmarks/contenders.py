# SPDX-License-Identifier: GPL-3.0-or-later
"""Those who fail a lost site over: the official role, this collection, and a script that is the limit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import bare_script
from lost_site import LEFT, LOST, Load, official_variables, plan
from measuring import Simulator

_HERE = Path(__file__).resolve().parent
_OFFICIAL = _HERE.parent.parent / ".venv-official"
_OFFICIAL_PLAY = [
    {
        "name": "Fail over",
        "hosts": "localhost",
        "gather_facts": False,
        "roles": [{"role": "ovirt.ovirt.disaster_recovery"}],
    }
]


@dataclass(frozen=True)
class Spent:
    """What a contender needed besides time: processor seconds, MiB of its biggest process, Ansible tasks."""

    cpu: float
    memory: float | None = None
    tasks: int | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """What all contenders get; folder: where they may write."""

    sites: Simulator
    load: Load
    folder: Path
    concurrency: int


Contender = Callable[[Setting], Spent]


def official(setting: Setting) -> Spent:
    """Let the official role do it, by the file that it generates itself."""
    play = _written(setting.folder / "official.yml", _OFFICIAL_PLAY)
    variables = official_variables(setting.load, setting.sites)
    variables["dr_report_file"] = f"..{setting.folder}/official-report.log"  # the role puts /tmp/ in front
    given = _written(setting.folder / "official-variables.yml", variables)
    return _play(setting, _OFFICIAL, {}, str(play), "--tags", "fail_over", "-e", f"@{given}")


def collection(setting: Setting) -> Spent:
    """Let this collection do it, by a recovery plan."""
    variables = {
        "recovery_plan": str(_written(setting.folder / "plan.yml", plan(setting.load))),
        "recovery_source": LOST,
        "recovery_target": LEFT,
        "recovery_sites": {name: {"auth": setting.sites[name].auth} for name in (LOST, LEFT)},
        "recovery_fenced": LOST,
        "recovery_concurrency": setting.concurrency,
        "recovery_report_directory": str(setting.folder / "report"),
    }
    given = _written(setting.folder / "variables.yml", variables)
    environment = {"ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"]}
    return _play(setting, Path(sys.prefix), environment, "lifeboat.ovirt.failover", "-e", f"@{given}")


def script(setting: Setting) -> Spent:
    """Send the imports, registrations and starts, with what tells their addresses, and judge nothing."""
    before = time.process_time()
    bare_script.fail_over(setting.sites[LEFT], setting.load, setting.concurrency)
    return Spent(time.process_time() - before)


def _play(setting: Setting, venv: Path, more: Mapping[str, str], *arguments: str) -> Spent:
    counted = setting.folder / "tasks.json"
    environment = {
        "PATH": f"{venv / 'bin'}:{os.environ['PATH']}",
        "HOME": str(setting.folder),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_HOME": str(setting.folder / "ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(setting.folder / "collections"),
        "ANSIBLE_PYTHON_INTERPRETER": str(venv / "bin" / "python"),
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_RETRY_FILES_ENABLED": "false",
        "ANSIBLE_CALLBACK_PLUGINS": str(_HERE / "callbacks"),
        "ANSIBLE_CALLBACKS_ENABLED": "count_tasks",
        "BENCHMARK_TASKS": str(counted),
        **more,
    }
    command = [str(venv / "bin" / "ansible-playbook"), "-i", "localhost,", "-c", "local", *arguments]
    with (setting.folder / f"{Path(arguments[0]).stem}.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"ansible-playbook ended with {process.returncode}: see {log.name}")
    told = json.loads(counted.read_text())
    return Spent(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, told["tasks"], told["seconds"])


def _written(path: Path, content: Any) -> Path:
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path
