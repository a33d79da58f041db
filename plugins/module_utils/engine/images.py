# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the content of a disk through an image transfer; the only file that knows the ovirt-imageio client."""

from __future__ import annotations

import http.client
import io
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from .errors import EngineError, Entity, LibraryMissing
from .session import Intent
from .waiting import wait_until

try:
    # Its errors have no public name.
    from ovirt_imageio._internal.http import Error as HostRefuses
    from ovirt_imageio.client import ImageioClient
except ImportError:
    HostRefuses = ImageioClient = None
    IMPORT_TRACE: str | None = traceback.format_exc()
else:
    IMPORT_TRACE = None

if TYPE_CHECKING:
    from .records import Record
    from .session import Session

_BLOCK = 1 << 20
# Should this process die, the engine itself ends a transfer that nobody reads from.
_INACTIVITY = 60
_ENDED = frozenset({"finished_success", "finished_failure", "finished_cleanup"})
_LOST = frozenset({"cancelled", "cancelled_system", "cancelled_user", "paused_system", "paused_user"}) | _ENDED


@contextmanager
def downloading(engine: Session, disk: Entity, timeout: float) -> Iterator[io.BufferedReader]:
    """Let a disk be read from its first byte on, and close its transfer afterwards, whatever happens meanwhile.

    The engine locks the disk while the transfer lasts. timeout: seconds for it to begin, and again for it to end.
    """
    if IMPORT_TRACE is not None:
        raise LibraryMissing("ovirt-imageio", IMPORT_TRACE)
    transfer = _begin(engine, disk)
    path = f"imagetransfers/{transfer.id}"
    try:
        ready = _await(engine, path, disk, "transferring", timeout)
        with _translated(disk), _client(engine, ready) as client:
            yield io.BufferedReader(_Content(client), _BLOCK)
    except BaseException:
        # What went wrong is told; that the transfer could not be ended either would only hide it.
        with suppress(EngineError):
            _end(engine, path, disk, "cancel")
        raise
    _end(engine, path, disk, "finalize")
    _await(engine, path, disk, "finished_success", timeout)


def _begin(engine: Session, disk: Entity) -> Record:
    def landed() -> Record | None:
        running = (one for one in engine.list("imagetransfers") if one.phase not in _LOST)
        return next((one for one in running if one.at("disk", "id") == disk.id), None)

    wanted = {"disk": {"id": disk.id}, "direction": "download", "inactivity_timeout": _INACTIVITY}
    return engine.add("imagetransfers", "image_transfer", wanted, Intent(f"read {_named(disk)}", disk, landed))


def _end(engine: Session, path: str, disk: Entity, action: str) -> None:
    engine.act(path, action, None, Intent(f"{action} the transfer of {_named(disk)}", disk, landed=lambda: True))


def _await(engine: Session, path: str, disk: Entity, phase: str, timeout: float) -> Record:
    return wait_until(
        lambda: engine.get(path),
        lambda transfer: transfer.phase == phase,
        what=f"the transfer of {_named(disk)} to be {phase}",
        timeout=timeout,
        poll_interval=2.0,
        failed=lambda transfer: f"it is {transfer.phase}" if transfer.phase in _LOST else None,
        status=lambda transfer: transfer.phase,
        entity=disk,
        clock=engine.clock,
        sleep=engine.sleep,
    )


@contextmanager
def _translated(disk: Entity) -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException, RuntimeError, HostRefuses) as exc:
        raise EngineError(
            "unreachable",
            f"cannot read {_named(disk)}: the host that serves its image does not give it ({exc})",
            remedy="let port 54322 of the hosts, or 54323 of the engine, be reachable from here, with the engine's CA",
            entity=disk,
        ) from exc


@contextmanager
def _client(engine: Session, transfer: Record) -> Iterator[Any]:
    address = transfer.transfer_url or transfer.proxy_url
    trust = {"cafile": engine.ca_file, "secure": not engine.insecure}
    client = ImageioClient(address, proxy_url=transfer.proxy_url, **trust)
    try:
        yield client
    finally:
        client.close()


class _Content(io.RawIOBase):
    """The content of an image as a stream."""

    def __init__(self, client: Any) -> None:
        super().__init__()
        self._client = client
        self._size = client.size()
        self._position = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, or as much of it as the image still has content for."""
        view = memoryview(buffer).cast("B")
        length = min(len(view), self._size - self._position)
        if length > 0:
            self._client.read(self._position, view[:length])
            self._position += length
        return max(0, int(length))


def _named(disk: Entity) -> str:
    return f"disk {disk.name or disk.id}"
