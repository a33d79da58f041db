# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that does what no engine simulator would: it cuts connections, answers rubbish, and counts what arrives."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.credentials import Credentials
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Session

XML = "application/xml"
API = "/ovirt-engine/api"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; connection tells apart the sockets that requests came on."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    connection: int


# Status, body and, if it is not XML, content type; None closes the connection without an answer.
Answer = tuple[int, str] | tuple[int, str, str] | None


@dataclass
class Stub:
    """An HTTPS server; answer is asked for what to reply to a request below the API, login for the rest."""

    url: str
    ca_file: str
    answer: Callable[[Seen], Answer] = lambda seen: (200, "<api/>")
    login: Callable[[Seen], Answer] = lambda seen: (200, '{"access_token": "fresh-token"}', "application/json")
    seen: list[Seen] = field(default_factory=list)

    def of(self, method: str) -> list[Seen]:
        return [one for one in self.seen if one.method == method and one.path.startswith(API)]

    def credentials(self, **changed: Any) -> Credentials:
        login = {"username": "admin@internal", "password": "s3cret-word"}
        return Credentials(**{"url": self.url, "ca_file": self.ca_file, **login, **changed})

    def session(self, **changed: Any) -> Session:
        return Session(self.credentials(**changed), clock=Clock(), sleep=lambda seconds: None)


class Clock:
    """Time that passes by one second at every look, so that no test has to wait."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for 127.0.0.1 and its key; it is its own CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stub engine")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "ca.pem", folder / "key.pem"
    cert_file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    pkcs8 = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *pkcs8))
    return cert_file, key_file


@pytest.fixture
def stranger(tmp_path: Path) -> str:
    """A CA that has not signed the stub's certificate."""
    return str(certificate(tmp_path)[0])


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def stub(tls: tuple[Path, Path]) -> Iterator[Stub]:
    holder: list[Stub] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:
            pass

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            one = Seen(self.command, self.path, dict(self.headers), body, self.client_address[1])
            holder[0].seen.append(one)
            reply = (holder[0].answer if self.path.startswith(API) else holder[0].login)(one)
            if reply is None:
                self.close_connection = True
                return
            content = reply[1].encode()
            self.send_response(reply[0])
            self.send_header("Content-Type", reply[2] if len(reply) == 3 else XML)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = serve

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda request, address: None  # type: ignore[method-assign]
    holder.append(Stub(f"https://127.0.0.1:{server.server_port}{API}", str(tls[0])))
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    yield holder[0]
    server.shutdown()
    server.server_close()
    thread.join()
