# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a procedure in words, for whoever wants to read them before anything happens. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Run = Mapping[str, Any]


def steps_of(run: Run) -> list[dict[str, str]]:
    """Return the steps of a run (see run_of) in their order, as [{phase, step}]."""
    return [
        {"phase": phase, "step": step}
        for phase in (*run["phases"], *run["finally"])
        for step in (*_hooks(run, "before", phase), *_TELLERS[phase](run), *_hooks(run, "after", phase))
    ]


def _hooks(run: Run, when: str, phase: str) -> Iterator[str]:
    path = run["hooks"][when].get(phase)
    if path:
        yield f"include the tasks of {path}"


def _domains(run: Run) -> str:
    return ", ".join(domain["name"] for domain in run["storage_domains"])


def _fence(run: Run) -> Iterator[str]:
    if run["hooks"].get("fence"):
        yield f"cut {run['source']} off with the tasks of {run['hooks']['fence']}"
    yield f"make certain that {run['source']} no longer writes to {_domains(run)}"


def _clean(run: Run) -> Iterator[str]:
    held = f"those of the storage domains {_domains(run)} that {run['source']} uses"
    yield f"shut down at {run['target']} what still runs from {held}, and release them there"


def _shut_down(run: Run) -> Iterator[str]:
    for group in reversed(run["boot_groups"]):
        yield f"at {run['source']}, note what runs and shut it down: {group['name']} ({', '.join(group['vms'])})"
    yield f"at {run['source']}, note and shut down whatever else runs from {_domains(run)}"


def _release(run: Run) -> Iterator[str]:
    for one in run["store"]:
        yield f"at {run['source']}, move {', '.join(one['vms'])} back to {_named(run, one['to'])}"
    yield f"at {run['source']}, write the OVF stores of {_domains(run)} and detach these storage domains"


def _swap(run: Run) -> Iterator[str]:
    if run["hooks"].get("swap"):
        yield f"swap the storage with the tasks of {run['hooks']['swap']}"


def _present(run: Run) -> Iterator[str]:
    if run["hooks"].get("present_copies"):
        yield f"present copies of {_domains(run)} to {run['target']} with the tasks of {run['hooks']['present_copies']}"


def _find(run: Run) -> Iterator[str]:
    if run["hooks"].get("rpo"):
        yield f"ask the tasks of {run['hooks']['rpo']} how old the data of the copy is"
    for one in run["targets"]:
        yield f"log the hosts of {run['data_center']} in to {one['target']} over {one['address']}:{one['port']}"
    yield f"see that the hosts of {run['data_center']} see {_domains(run)}"


def _bring_in(run: Run) -> Iterator[str]:
    for domain in run["storage_domains"]:
        kind = domain["storage_type"]
        yield f"import {domain['name']} ({kind}) as a backup domain, attach it to {run['data_center']}, activate it"


def _register(run: Run) -> Iterator[str]:
    for one in run["registrations"]:
        what = ", ".join(one["vms"]) if "vms" in one else "every VM, template and floating disk"
        yield f"register {what} of {_named(run, one['storage_domains'])}"


def _place(run: Run) -> Iterator[str]:
    if run["promote"]:
        yield f"clear the backup flag of {_named(run, run['promote'])}, so that VMs may run from there"
    for one in run["restore"]:
        yield f"{one['method']} the VMs of {_named(run, one['vms_on'])} to {one['to']}"


def _boot(run: Run) -> Iterator[str]:
    isolated = run["isolated_profile"]
    if isolated:
        yield f"put every NIC on {isolated['network']}/{isolated['profile']}, and start no VM for which that fails"
    for group in run["boot_groups"]:
        yield f"start {group['name']} ({', '.join(group['vms'])}) and see it ready: {group['ready']}"


def _verify(run: Run) -> Iterator[str]:
    yield f"see that nothing of {_domains(run)} was left behind, and audit the backup domains of {run['target']}"


def _guard(run: Run) -> Iterator[str]:
    yield f"make certain that {run['target']} does not use the storage domains of the plan itself"


def _dismantle(run: Run) -> Iterator[str]:
    yield f"switch the VMs of the drill off and remove {_domains(run)} from {run['target']}"
    if run["hooks"].get("remove_copies"):
        yield f"take the copies away with the tasks of {run['hooks']['remove_copies']}"


def _reprotect(run: Run) -> Iterator[str]:
    if run["hooks"].get("reprotect"):
        yield f"protect {run['target']} again with the tasks of {run['hooks']['reprotect']}"


def _named(run: Run, ids: list[str]) -> str:
    names = {domain["id"]: domain["name"] for domain in run["storage_domains"]}
    return ", ".join(names[id_] for id_ in ids)


_TELLERS: dict[str, Callable[[Run], Iterator[str]]] = {
    "guard": _guard,
    "clean_up": _clean,
    "shut_down": _shut_down,
    "release": _release,
    "fence": _fence,
    "swap": _swap,
    "present": _present,
    "find": _find,
    "bring_in": _bring_in,
    "register": _register,
    "place": _place,
    "boot": _boot,
    "verify": _verify,
    "reprotect": _reprotect,
    "dismantle": _dismantle,
}
