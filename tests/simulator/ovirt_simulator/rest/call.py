# SPDX-License-Identifier: GPL-3.0-or-later
"""One request on its way through a handler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

from ovirtsdk4 import types
from sqlalchemy import select

from ..engine.command import Command, ExecutionFailure, Refusal
from ..engine.runtime import Context, Engine
from .elements import read_body
from .errors import Fault, Gone, entity_not_found, incomplete, not_a_uuid
from .routing import is_uuid
from .wire import Answer, Request

Body = TypeVar("Body")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


@dataclass
class Call:
    """The request, the engine that it is for, and the ids in its path."""

    engine: Engine
    request: Request
    ids: dict[str, str] = field(default_factory=dict)
    user: str = ""
    reading: Context | None = None
    background: bool = False  # the command's own answer is not reported
    sent: types.Action | None = None  # the action that was sent, once it was read

    @property
    def context(self) -> Context:
        """Return the transaction that a read is answered from."""
        assert self.reading is not None, "only a read has its transaction open from the start"
        return self.reading

    def ask(
        self,
        question: Callable[Concatenate[Context, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Return what a query says, from a transaction of its own."""
        with self.engine.transaction(self.request.correlation_id) as context:
            return question(context, *args, **kwargs)

    def execute(self, command: Command, wait: bool = False) -> str | None:
        """Run a command, if wished to its end; return the id of its job."""
        try:
            return self.engine.execute(command, self.request.correlation_id, wait)
        except (Refusal, ExecutionFailure):
            if self.background:
                return None
            raise

    def body(self, expected: type[Body]) -> Body:
        """Return the body as a type of the SDK."""
        usage = f"{self.request.prefix.removesuffix('/api')}/apidoc"
        return read_body(self.request.body, expected, usage, self.engine.version)

    def action(self) -> types.Action:
        """Return the action in the body; it is what the answer echoes."""
        self.sent = self.body(types.Action)
        return self.sent


def done(call: Call, job: str | None = None, **items: Any) -> Answer:
    """Return the answer to an action that went well: what was sent, its job and what it was done to."""
    action = call.sent or types.Action()
    action.status = "complete"
    if job is not None:
        action.job = types.Job(id=job)
    for name, item in items.items():
        setattr(action, name, item)
    return Answer(action)


def created(call: Call, entity: Any, **answer: Any) -> Answer:
    """Return the answer to a request that made an entity."""
    base = answer.get("base") or call.request.below
    return Answer(entity, status=201, location=f"{call.request.prefix}{base}/{entity.id}", **answer)


def one(found: list[Result]) -> Result:
    """Return the only element; without one there is nothing at this address."""
    if not found:
        raise Gone
    return found[0]


def required(value: Result | None, kind: str, fields: str, method: str) -> Result:
    """Return a value that must have been sent."""
    if value is None:
        raise incomplete(kind, fields, method)
    return value


def find(context: Context, table: Any, identifier: str | int | tuple[str, ...]) -> Any:
    """Return the row with this id; without one there is nothing at this address."""
    row = context.db.get(table, identifier)
    if row is None:
        raise Gone
    return row


def named(context: Context, table: Any, name: str) -> str:
    """Return the id of the row with this name."""
    identifier = context.db.scalar(select(table.id).filter_by(name=name))
    if identifier is None:
        raise entity_not_found(f"{table.__name__}: name={name}")
    return str(identifier)


def identified(call: Call, reference: Any, table: Any, missing: Fault) -> str:
    """Return the id that a reference in a body gives, itself or by a name; an id is taken as it is."""
    if reference is not None and reference.id is not None:
        if not is_uuid(reference.id):
            raise not_a_uuid(reference.id)
        return str(reference.id).lower()
    if reference is None or not reference.name:
        raise missing
    return call.ask(named, table, reference.name)
