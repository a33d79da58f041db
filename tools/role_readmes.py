# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the README of every role from its argument specification."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

TOP = Path(__file__).resolve().parent.parent
_NOTICE = "<!-- Written by tools/role_readmes.py from meta/argument_specs.yml. -->"


def render(role: str, main: Mapping[str, Any]) -> str:
    """Return the README of a role; main is the entry point of that name in its argument specification."""
    lines = [_NOTICE, "", f"# lifeboat.ovirt.{role}", "", f"{main['short_description']}.", ""]
    lines += [f"{paragraph}\n" for paragraph in _paragraphs(main.get("description", []))]
    lines += ["## Variables", ""]
    for name, option in main.get("options", {}).items():
        lines += [*_option(name, option, ""), ""]
    return "\n".join(lines).rstrip() + "\n"


def _option(name: str, option: Mapping[str, Any], indent: str) -> Iterator[str]:
    kind = f"{option['type']} of {option['elements']}" if "elements" in option else option.get("type", "str")
    notes = [kind]
    if option.get("required"):
        notes.append("required")
    elif "default" in option:
        notes.append(f"default `{json.dumps(option['default'])}`")
    if "choices" in option:
        notes.append("one of " + ", ".join(f"`{choice}`" for choice in option["choices"]))
    yield f"{indent}- `{name}` ({', '.join(notes)})"
    for paragraph in _paragraphs(option["description"]):
        yield f"{indent}  {paragraph}"
    for sub, inner in option.get("options", {}).items():
        yield from _option(sub, inner, f"{indent}  ")


def _paragraphs(description: str | list[str]) -> list[str]:
    return [description] if isinstance(description, str) else description


def pages(top: Path = TOP) -> dict[Path, str]:
    """Return the README of every role by its path."""
    found = {}
    for specification in sorted(top.glob("roles/*/meta/argument_specs.yml")):
        role = specification.parents[1]
        main = yaml.safe_load(specification.read_text(encoding="utf-8"))["argument_specs"]["main"]
        found[role / "README.md"] = render(role.name, main)
    return found


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
