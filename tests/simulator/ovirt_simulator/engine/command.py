# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command is: locks, checks, effects, and effects that come later.

A command is a dataclass of plain values, so that a run of it can be written down and go on after a restart. The
engine asks `check_input`, takes the locks, asks `validate`, then calls `execute`, which sets the intermediate statuses
and orders later steps by their method name (`context.later("attach", self.finish)`). What a later step needs to know
besides the fields goes into `context.remember(...)` and comes back in `context.memory`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from .runtime import Context


@dataclasses.dataclass(frozen=True)
class Lock:
    """A lock on one entity; `message` is what a later comer is refused with.

    Groups are the engine's: VM, VM_NAME, DISK, STORAGE, POOL, TEMPLATE...
    """

    group: str
    key: str
    message: str = "ACTION_TYPE_FAILED_OBJECT_LOCKED"
    exclusive: bool = True
    waits: bool = False  # a later comer is not refused, its request just takes until the lock is free


class Refusal(Exception):
    """A check said no: nothing was changed. `messages` are EngineMessage ids with their variables."""

    def __init__(self, *messages: str, **variables: object) -> None:
        super().__init__(", ".join(messages))
        self.messages = messages
        self.variables = variables


class Busy(Exception):
    """A lock that is waited for is held by another run."""


class ExecutionFailure(Exception):
    """The work itself failed: HTTP 400 with this text in brackets, `[]` without one (storage contract, 7.3)."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class QueryFailure(Exception):
    """A query has no answer: this HTTP code and this text, without brackets."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclasses.dataclass
class Command:
    """Base of all commands. Subclasses are dataclasses whose fields are strings, numbers, booleans or JSON data."""

    description: ClassVar[str] = ""  # of the job; an id in it, "Attaching {domain_id}", comes out as name
    monitored: ClassVar[bool] = True  # the answer carries a job
    blocking: ClassVar[bool] = False  # the HTTP answer waits for the last step
    request_operation: ClassVar[str] = ""  # of the time profile: how long the HTTP answer takes beyond that
    lock_scope: ClassVar[str] = "command"  # or "execution": freed when `execute` returns
    registry: ClassVar[dict[str, type[Command]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        Command.registry[cls.__name__] = cls

    def check_input(self, context: Context) -> None:
        """Raise Refusal for values that no state of the engine could make right; comes before the locks."""

    def locks(self, context: Context) -> Iterable[Lock]:
        """Return the locks that a run takes before its checks."""
        return ()

    def validate(self, context: Context) -> None:
        """Raise Refusal, in the engine's order of checks."""

    def execute(self, context: Context) -> None:
        """Do what happens at once; raise ExecutionFailure where the storage refuses."""
        raise NotImplementedError

    def undo(self, context: Context) -> None:
        """Bring statuses back after a later step, or a command that this one started, failed."""

    def failed(self, context: Context) -> None:
        """Write the events of a failed execution, after everything else was rolled back or undone."""

    def parameters(self) -> dict[str, Any]:
        """Return the fields as JSON data."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
