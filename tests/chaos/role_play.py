# SPDX-License-Identifier: GPL-3.0-or-later
"""The phases of the role `recovery`, read from its files and played in this process instead of by ansible-playbook.

It understands what the task files of the phases, and hooks of tests, consist of: modules of this collection, requests
to the control endpoint, assertions and included files, with `when`, `loop`, `vars` and `register`.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import yaml
from ansible.plugins.filter.mathstuff import difference, intersect
from jinja2 import Environment

ROLE = Path(__file__).parents[2] / "roles" / "recovery"
_PREFIX = "lifeboat.ovirt."
_EXPRESSION = re.compile(r"\{\{((?:(?!\}\}).)*)\}\}", re.DOTALL)
_JINJA = Environment(autoescape=False)
_JINJA.filters |= {"difference": difference, "intersect": intersect}
_OMIT = object()

Result = dict[str, Any]
Play = Callable[..., Result]


def carry_out(play: Play, procedure: str, sites: Mapping[str, Any], **variables: Any) -> Result:
    """Play a procedure; return whether it changed something, and the first failure, of one VM or of all.

    As in the role, what failed for single VMs does not keep the others from going on, and any other failure does. What
    has to be put away is put away in any case, once the first phase has passed.
    """
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    known = {**defaults, **variables, "recovery_sites": sites, "ansible_check_mode": False, "omit": _OMIT}
    where = {name: known[f"recovery_{name}"] for name in ("source", "target")}
    read = play("recovery_plan_info", path=known["recovery_plan"], procedure=procedure, **where)
    run = known["recovery_run"] = read["run"]
    player = _Player(play, known, sites[run["target"]]["auth"])
    first, *others = run["phases"]
    results = player.phases([first])
    if not _broken(results):
        results += player.phases(others)
        results += player.phases(run["finally"])
    return _judged(results)


class _Player:
    """Plays task files with the variables of a run, at the site that modules work on unless a task says another."""

    def __init__(self, play: Play, known: dict[str, Any], auth: Any) -> None:
        self._play = play
        self._known = known
        self._auth = auth

    def phases(self, names: list[str]) -> list[Result]:
        """Play phases up to the first that fails."""
        results: list[Result] = []
        for name in names:
            results += self._file(f"{name}.yml")
            if _broken(results):
                break
        return results

    def _file(self, name: str) -> list[Result]:
        results: list[Result] = []
        for task in yaml.safe_load((ROLE / "tasks" / name).read_text(encoding="utf-8")):
            results += self._task(task)
            if _broken(results):
                break
        return results

    def _task(self, task: Mapping[str, Any]) -> list[Result]:
        known, items = self._known, [None]
        if "loop" in task:
            known = {**known, **_value(task.get("vars", {}), known)}
            items = _value(task["loop"], known)
        results: list[Result] = []
        for item in items:
            results += self._once(task, {**known, "item": item})
            if _broken(results):
                break
        if "register" in task and (results or "loop" in task):
            self._known[task["register"]] = {"results": results} if "loop" in task else results[0]
        return results

    def _once(self, task: Mapping[str, Any], known: Mapping[str, Any]) -> list[Result]:
        if not all(_evaluated(one, known) for one in _listed(task.get("when", []))):
            return []
        known = {**known, **_value(task.get("vars", {}), known)}
        action = next(name for name in task if "." in name)
        options = _value(task[action], known)
        if action.startswith(_PREFIX):
            return [self._play(action.removeprefix(_PREFIX), **{"auth": self._auth, **options})]
        if action == "ansible.builtin.include_tasks":
            return self._file(options)
        return list(_BUILTIN[action](options, known))


def _assert(options: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Result]:
    if not all(_evaluated(one, known) for one in _listed(options["that"])):
        yield {"failed": True, "changed": False, "msg": options["fail_msg"]}


def _post(options: Mapping[str, Any], _known: Mapping[str, Any]) -> Iterator[Result]:
    request = Request(options["url"], json.dumps(options["body"]).encode(), method=options["method"])
    try:
        urlopen(request, context=ssl.create_default_context(cafile=options["ca_path"])).close()
    except HTTPError as exc:
        if exc.code not in options["status_code"]:
            raise
    yield {"changed": False}


_BUILTIN = {"ansible.builtin.assert": _assert, "ansible.builtin.uri": _post}


def _broken(results: list[Result]) -> bool:
    return bool(results) and bool(results[-1].get("failed"))


def _judged(results: list[Result]) -> Result:
    changed = any(one["changed"] for one in results if not one.get("failed"))
    bad = next((one for one in results if one.get("failed") or one.get("error_kind")), None)
    return {"changed": changed, **({**bad, "failed": True} if bad else {})}


def _value(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        made = {key: _value(one, known) for key, one in value.items()}
        return {key: one for key, one in made.items() if one is not _OMIT}
    if isinstance(value, list):
        return [_value(one, known) for one in value]
    if not isinstance(value, str):
        return value
    whole = _EXPRESSION.fullmatch(value)
    return _evaluated(whole[1], known) if whole else _JINJA.from_string(value).render(known)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _evaluated(expression: str, known: Mapping[str, Any]) -> Any:
    return _JINJA.compile_expression(expression.strip(), undefined_to_none=False)(**known)
