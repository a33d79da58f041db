# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon that serves images on real hosts, unchanged, on the loopback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ovirt_imageio import admin

from .engine.transfers import ImageServerError, Ticket, TicketUse
from .pki import Authority

_START_TIMEOUT = 30.0
_POLL = 0.02
_LIFETIME = 36000  # seconds of a ticket
_PORT = re.compile(r"remote\.service listening on \('127\.0\.0\.1', (\d+)\)")
_READY = "Ready for requests"
_BLOCK = 4096  # the daemon reads past the page cache: whole blocks

# The daemon ends with its parent, however that ends: its death closes the pipe.
_GUARD = '"$@" & daemon=$!; cat >/dev/null; kill $daemon; wait $daemon; rm -r "$FOLDER"'

_CONFIGURATION = """\
[daemon]
poll_interval = 0.05
run_dir = {folder}
drop_privileges = false
systemd_enable = false
[tls]
key_file = {certificate}
cert_file = {certificate}
ca_file = {authority}
[remote]
host = 127.0.0.1
port = 0
[local]
enable = false
[control]
transport = unix
socket = {folder}/control
remove_timeout = 5
[handlers]
keys = stderr
[logger_root]
level = INFO
handlers = stderr
"""


class ImageDaemon:
    """Starts the daemon when the first ticket comes."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()
        self._port = 0

    def add(self, ticket: Ticket, content: bytes) -> str:
        """Serve an image that begins with this content; return the address below which its ticket is."""
        with self._turn:
            if self._process is None:
                self._start()
        image = self._image(ticket.id)
        image.write_bytes(content)
        os.truncate(image, -(-ticket.size // _BLOCK) * _BLOCK)
        wanted = {
            "uuid": ticket.id,
            "transfer_id": ticket.transfer_id,
            "size": ticket.size,
            "url": f"file://{image}",
            "ops": ["write" if ticket.writable else "read"],
            "timeout": _LIFETIME,
            "inactivity_timeout": ticket.inactivity_timeout,
            "sparse": True,
        }
        with self._client() as client:
            client.add_ticket(wanted)
        return f"https://127.0.0.1:{self._port}/images"

    def use_of(self, ticket_id: str) -> TicketUse | None:
        """Return how a ticket is used, None for one that is not known."""
        if self._process is None:
            return None
        try:
            with self._client() as client:
                found = client.get_ticket(ticket_id)
        except ImageServerError:
            return None
        return TicketUse(found["active"], found.get("transferred"))

    def remove(self, ticket_id: str) -> bytes:
        """Serve an image no more; return its content without the zeros at its end."""
        image = self._image(ticket_id)
        if self._process is None or not image.exists():
            return b""
        with self._client() as client:
            client.del_ticket(ticket_id)
        content = _content(image)
        image.unlink()
        return content

    def close(self) -> None:
        """End the daemon."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()
        self._process = None

    def _image(self, ticket_id: str) -> Path:
        return self._folder / f"{ticket_id}.img"

    @contextmanager
    def _client(self) -> Iterator[Any]:
        try:
            with admin.Client(admin.load_config(str(self._folder)), timeout=10) as client:
                yield client
        except admin.Error as exc:
            raise ImageServerError(str(exc)) from exc

    def _start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="imageio-"))
        certificate = self._folder / "server.pem"
        self._authority.context_for(certificate)
        folder = self._folder / "conf.d"
        folder.mkdir()
        text = _CONFIGURATION.format(
            folder=self._folder, certificate=certificate, authority=self._authority.ca_file.resolve()
        )
        (folder / "daemon.conf").write_text(text)
        program = str(Path(sysconfig.get_path("scripts"), "ovirt-imageio"))
        log = self._folder / "daemon.log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["sh", "-c", _GUARD, "sh", sys.executable, program, "--conf-dir", str(self._folder)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "FOLDER": str(self._folder)},
            )
        self._port = self._await(log)

    def _await(self, log: Path) -> int:
        deadline = time.monotonic() + _START_TIMEOUT
        while time.monotonic() < deadline:
            text = log.read_text()
            port = _PORT.search(text)
            if port is not None and _READY in text:
                return int(port[1])
            time.sleep(_POLL)
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        raise ImageServerError(f"the image daemon does not start: {text}")


def _content(image: Path) -> bytes:
    """Return what was written to a file that may be large and mostly empty."""
    end = 0
    with image.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        while end < size:
            try:
                end = os.lseek(stream.fileno(), os.lseek(stream.fileno(), end, os.SEEK_DATA), os.SEEK_HOLE)
            except OSError:  # there is nothing but a hole
                break
        stream.seek(0)
        return stream.read(end).rstrip(b"\0")
