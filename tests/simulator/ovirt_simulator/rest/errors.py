# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are not what was asked for, as exceptions that handlers raise."""

from __future__ import annotations


class Fault(Exception):
    """An answer with a `<fault>` body."""

    def __init__(self, status: int, detail: str | None = None, reason: str = "Operation Failed") -> None:
        super().__init__(detail or reason)
        self.status = status
        self.reason = reason
        self.detail = detail


class Gone(Exception):
    """Nothing at this address: 404 with an empty body."""


class ContainerError(Exception):
    """An error that the engine does not handle: the container's HTML page instead of a fault."""

    def __init__(self, status: int = 500) -> None:
        super().__init__(status)
        self.status = status


def incomplete(kind: str, fields: str, method: str) -> Fault:
    """Return the fault for a request that lacks something mandatory; fields are separated by commas."""
    return Fault(400, f"{kind} [{fields}] required for {method}", "Incomplete parameters")


def entity_not_found(what: str) -> Fault:
    """Return the fault for a name, given in a body or parameter, that nothing has."""
    return Fault(404, f"Entity not found: {what}")


def not_a_uuid(text: str) -> Fault:
    """Return the fault for a malformed identifier that is not the one of the addressed resource itself."""
    return Fault(400, f"Invalid UUID string: {text}", "Operation failed")


def immutable_id(kind: str) -> Fault:
    """Return the fault for an update that would change the identifier."""
    return Fault(409, f"Attempt to set immutable field: {kind}.id", "Broken immutability constraint")


def syntactically_incorrect(usage: str) -> Fault:
    """Return the fault for a body that cannot be read as the type that the request needs."""
    return Fault(400, f"For correct usage, see: {usage}", "Request syntactically incorrect.")


def invalid_value(text: str | None, kind: str) -> Fault:
    """Return the fault for the text of an element that is no value of its kind."""
    reason = "Invalid Enum value" if kind == "enum" else "Invalid value"
    return Fault(400, f"'{text}' is not a valid {kind}", reason)
