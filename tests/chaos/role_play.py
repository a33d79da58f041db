# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases of the role `recovery`, read from its files and played in this process instead of by ansible-playbook.

It understands what the task files of the phases consist of: modules of this collection with `when`, `loop` and
`register`, in which each template is one expression. Hooks are not included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment

ROLE = Path(__file__).parents[2] / "roles" / "recovery"
_PREFIX = "lifeboat.ovirt."
_EXPRESSION = re.compile(r"\{\{(.*)\}\}", re.DOTALL)
_JINJA = Environment(autoescape=False)
_OMIT = object()

Play = Callable[..., dict[str, Any]]


def carry_out(play: Play, procedure: str, sites: Mapping[str, Any], **variables: Any) -> dict[str, Any]:
    """Play a procedure; return whether it changed something, and the first failure, of one VM or of all.

    As in the role, what failed for single VMs does not keep the others from going on, and any other failure does.
    """
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    known = {**defaults, **variables, "recovery_sites": sites, "ansible_check_mode": False, "omit": _OMIT}
    where = {name: known[f"recovery_{name}"] for name in ("source", "target")}
    read = play("recovery_plan_info", path=known["recovery_plan"], procedure=procedure, **where)
    run = known["recovery_run"] = read["run"]
    results: list[dict[str, Any]] = []
    for phase in run["phases"]:
        for task in yaml.safe_load((ROLE / "tasks" / f"{phase}.yml").read_text(encoding="utf-8")):
            results += _task(play, task, known, sites[run["target"]]["auth"])
            if results and results[-1].get("failed"):
                return _judged(results)
    return _judged(results)


def _task(play: Play, task: Mapping[str, Any], known: dict[str, Any], auth: Any) -> list[dict[str, Any]]:
    module = next((name for name in task if name.startswith(_PREFIX)), None)
    conditions = task.get("when", [])
    conditions = [conditions] if isinstance(conditions, str) else conditions
    if not all(_evaluated(condition, known) for condition in conditions):
        return []
    assert module is not None, f"a hook would be included: {task['name']}"
    results = []
    for item in _value(task["loop"], known) if "loop" in task else [None]:
        options = {"auth": auth, **_value(task[module], {**known, "item": item})}
        results.append(play(module.removeprefix(_PREFIX), **options))
        if results[-1].get("failed"):
            break
    if "register" in task:
        known[task["register"]] = {"results": results} if "loop" in task else results[0]
    return results


def _judged(results: list[dict[str, Any]]) -> dict[str, Any]:
    changed = any(one["changed"] for one in results if not one.get("failed"))
    bad = next((one for one in results if one.get("failed") or one.get("error_kind")), None)
    return {"changed": changed, **({**bad, "failed": True} if bad else {})}


def _value(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        made = {key: _value(one, known) for key, one in value.items()}
        return {key: one for key, one in made.items() if one is not _OMIT}
    if isinstance(value, list):
        return [_value(one, known) for one in value]
    found = _EXPRESSION.fullmatch(value) if isinstance(value, str) else None
    return _evaluated(found[1], known) if found else value


def _evaluated(expression: str, known: Mapping[str, Any]) -> Any:
    return _JINJA.compile_expression(expression.strip(), undefined_to_none=False)(**known)
