# SPDX-License-Identifier: GPL-3.0-or-later
"""How copies are called, and by which names an interrupted run's leftovers are known. Pure."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..engine.errors import EngineError
from ..model.site import Vm

_FIELDS = ("name", "stem", "id", "date")
_LONGEST = 255
_TIME = "%Y%m%dT%H%M%SZ"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORKING_NAME = re.compile(rf"lifeboat-(?P<source>{_UUID})-(?P<at>\d{{8}}T\d{{6}}Z)")
_LABEL = re.compile(rf"lifeboat\.ovirt: for a copy of (?P<source>{_UUID})")


@dataclass(frozen=True)
class WorkingName:
    """What a copy is called until it is whole: a clone has no other place for a note from its first moment on.

    at: when the copy began, in UTC, to the second.
    """

    source_id: str
    at: datetime

    def __str__(self) -> str:
        return f"lifeboat-{self.source_id}-{self.at.astimezone(UTC).strftime(_TIME)}"

    @classmethod
    def read(cls, name: str) -> WorkingName | None:
        """Return what a VM's name tells; None where it is no working name."""
        found = _WORKING_NAME.fullmatch(name)
        if found is None:
            return None
        try:
            return cls(found["source"], datetime.strptime(found["at"], _TIME).replace(tzinfo=UTC))
        except ValueError:
            return None


def snapshot_label(source_id: str) -> str:
    """Return the description of the snapshot through which a running VM is copied."""
    return f"lifeboat.ovirt: for a copy of {source_id}"


def is_for_a_copy(description: str, source_id: str) -> bool:
    """Return whether a snapshot of a VM was taken to copy it."""
    found = _LABEL.fullmatch(description)
    return found is not None and found["source"] == source_id


class CopyName:
    """The template of copies' names, such as `{name}-{date:%Y%m%d-%H%M}`; the date is in UTC.

    EngineError invalid for a template that has other fields, or in which something is wrong.
    """

    def __init__(self, template: str) -> None:
        self._template = template
        try:
            for _text, field, form, _conversion in string.Formatter().parse(template):
                if field is not None and (field not in _FIELDS or "{" in (form or "")):
                    raise ValueError(f"{{{field}}} is no field, or has one in it")
            self._filled("x", "x", datetime(2000, 1, 1, tzinfo=UTC))
        except ValueError as exc:
            raise EngineError(
                "invalid",
                f"name_template {template!r} cannot be used: {exc}",
                remedy="use the fields {name}, {stem}, {id} and {date:<form of strftime>}",
            ) from exc

    def of(self, vm: Vm, at: datetime) -> str:
        """Return the name of the copy of a VM; EngineError invalid for one that no VM can have."""
        name = self._filled(vm.name, vm.id, at.astimezone(UTC))
        if not 0 < len(name) <= _LONGEST or not all(one.isalnum() or one in "._+-" for one in name):
            raise EngineError(
                "invalid",
                f"the copy of VM {vm.name} cannot be called {name!r}",
                remedy=f"let name_template make names of up to {_LONGEST} letters, digits and the signs . _ + -",
            )
        return name

    def _filled(self, name: str, id_: str, date: datetime) -> str:
        values: dict[str, Any] = {"name": name, "stem": name.rpartition("-")[0] or name, "id": id_, "date": date}
        return self._template.format(**values)
