# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for what the SDK would never send to a simulated site."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

import ovirtsdk4
from lxml import etree

from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import SimulatedSite

API = "/ovirt-engine/api"
XML = "application/xml"


@dataclass(frozen=True)
class Reply:
    """What came back, as it came; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def xml(self) -> etree._Element:
        return etree.fromstring(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Client:
    """Sends requests as they are given, with a token of its own."""

    def __init__(self, site: SimulatedSite) -> None:
        self._site = site
        self._tls = ssl.create_default_context(cafile=site.ca_file)
        connection = ovirtsdk4.Connection(**site.auth)
        self.token: str = connection.authenticate()
        connection.close(logout=False)

    def send(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str | None] | None = None,
        timeout: float = 10.0,
    ) -> Reply:
        """Send a request; a path that does not begin with /ovirt-engine or /control is below the API."""
        address = urlsplit(self._site.url)
        if not path.startswith(("/ovirt-engine", "/control")):
            path = f"{API}{path}"
        given = {"Authorization": f"Bearer {self.token}", "Accept": XML, "Content-Type": XML, **(headers or {})}
        connection = http.client.HTTPSConnection(
            address.hostname or "", address.port, timeout=timeout, context=self._tls
        )
        try:
            kept = {name: value for name, value in given.items() if value is not None}
            connection.request(method, path, body=body, headers=kept)
            response = connection.getresponse()
            content = response.read()
            return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        return self.send("GET", path)

    def post(self, path: str, body: str = "<action/>") -> Reply:
        return self.send("POST", path, body)


def east(kind: str, name: str) -> str:
    """Return the id of a thing at the primary site."""
    return identifier("primary", kind, name)


def west(kind: str, name: str) -> str:
    """Return the id of a thing at the secondary site."""
    return identifier("secondary", kind, name)
