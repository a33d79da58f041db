# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a module has got, told to whoever watches: the callback plugin lifeboat.ovirt.progress.

The callback opens a datagram socket and puts its path into the environment, which a module inherits when it runs on the
controller. Without that, or when the socket is gone or full (the kernel holds ten datagrams), a report is lost, and
nothing else happens: report the state again at the next look.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass

ENVIRONMENT = "LIFEBOAT_PROGRESS_SOCKET"
LONGEST_REPORT = 4096

_LONGEST_TEXT = 255


@dataclass(frozen=True)
class Report:
    """How far one entity has got: done of total, in any unit, None where nobody can tell."""

    entity: str
    state: str
    done: int | None = None
    total: int | None = None

    @property
    def percent(self) -> int | None:
        """Return how much is done, from 0 to 100."""
        if self.done is None or not self.total:
            return None
        return max(0, min(100, 100 * self.done // self.total))

    @property
    def finished(self) -> bool:
        """Whether nothing more is to come of the entity."""
        return self.done is not None and self.done == self.total

    def encode(self) -> bytes:
        """Return it as a datagram."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, datagram: bytes) -> Report | None:
        """Return what a datagram says; None for one that is no report."""
        try:
            fields = json.loads(datagram)
        except ValueError:
            return None
        if not isinstance(fields, dict) or fields.keys() != cls.__annotations__.keys():
            return None
        texts = all(isinstance(fields[name], str) for name in ("entity", "state"))
        numbers = all(
            fields[name] is None or (isinstance(fields[name], int) and not isinstance(fields[name], bool))
            for name in ("done", "total")
        )
        return cls(**fields) if texts and numbers else None


class Progress:
    """Sends reports to a socket, none where path is None. Usable from many threads; never waits and never fails."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        if path:
            with suppress(OSError):
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    @classmethod
    def from_environment(cls) -> Progress:
        """Return one for the callback of this run, silent without it."""
        return cls(os.environ.get(ENVIRONMENT))

    def report(self, entity: str, state: str, done: int | None = None, total: int | None = None) -> None:
        """Tell how far an entity has got; done equal to total means that it needs no more watching.

        entity: its kind and name ("VM db"). state: a word or two ("copying").
        """
        if self._socket is not None:
            report = Report(entity[:_LONGEST_TEXT], state[:_LONGEST_TEXT], done, total)
            with suppress(OSError):
                self._socket.sendto(report.encode(), self._path or "")
