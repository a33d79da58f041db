# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach one engine and who to be there."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .errors import EngineError

API_PATH = "/ovirt-engine/api"

_EXAMPLE = f"write https://<engine>{API_PATH}"


@dataclass(frozen=True)
class Credentials:
    """One engine and one way to log in to it; repr() shows no secret.

    url: address of the API; a bare "https://host" gets /ovirt-engine/api. http:// is taken only together with insecure.
    Either token, or username ("user@profile") and password, or kerberos. A given token is never revoked.
    ca_file: PEM file; None means the CAs of the system. insecure: True switches the TLS verification off.
    timeout: seconds for one answer, 0 for this package's own limits.
    Raises EngineError "invalid" for what cannot work, naming the option and the environment variable.
    """

    url: str | None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    insecure: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    kerberos: bool = False
    compress: bool = True
    timeout: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", _api_url(self.url, self.insecure))
        if not (self.token or self.kerberos or (self.username and self.password)):
            remedy = "set auth.username and auth.password (OVIRT_USERNAME, OVIRT_PASSWORD), or auth.token (OVIRT_TOKEN)"
            raise EngineError("invalid", f"no login is given for the engine at {self.host}", remedy=remedy)
        if self.ca_file and not self.insecure and not os.path.isfile(self.ca_file):
            raise EngineError(
                "invalid",
                f"the CA file {self.ca_file} does not exist",
                remedy="let auth.ca_file (OVIRT_CAFILE) name a PEM file on the host where the module runs",
            )
        if self.timeout < 0:
            raise EngineError("invalid", f"auth.timeout is {self.timeout}, but seconds cannot be negative")
        if not (self.token or "").isascii() or not (self.token or " ").isprintable():
            raise EngineError("invalid", "auth.token holds characters that HTTP does not allow")
        for name, value in self.headers.items():
            if not (f"{name}{value}".isascii() and f"{name}{value}".isprintable()):
                raise EngineError("invalid", f"auth.headers: {name!r} holds characters that HTTP does not allow")

    @property
    def host(self) -> str:
        """Host and port of the engine, for messages."""
        return urlsplit(self.api).netloc

    @property
    def api(self) -> str:
        """Address of the API, without a slash at the end."""
        return self.url or ""

    @property
    def site(self) -> str:
        """Scheme, host and port: the engine's single sign-on lives beside the API."""
        parts = urlsplit(self.api)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def can_log_in(self) -> bool:
        """Whether a new token can be had."""
        return self.kerberos or bool(self.username and self.password)


def _api_url(url: str | None, insecure: bool) -> str:
    if not url:
        remedy = "set auth.url (OVIRT_URL) or auth.hostname (OVIRT_HOSTNAME)"
        raise EngineError("invalid", "no engine is given", remedy=remedy)
    try:
        parts = urlsplit(url)
        # An impossible port is only found when it is asked for.
        if parts.port == 0:
            raise ValueError
    except ValueError:
        # Neither the address nor the parser's words are shown: a password may stand in it.
        raise EngineError("invalid", "auth.url is not an address", remedy=_EXAMPLE) from None
    if parts.username or parts.password:
        remedy = "use auth.username and auth.password"
        raise EngineError("invalid", "auth.url holds a user name or a password", remedy=remedy)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise EngineError("invalid", "auth.url is not the address of an engine's API", remedy=_EXAMPLE)
    if parts.scheme == "http" and not insecure:
        remedy = "use https://, or set auth.insecure"
        raise EngineError("invalid", "auth.url asks for a connection without encryption", remedy=remedy)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or API_PATH}"
