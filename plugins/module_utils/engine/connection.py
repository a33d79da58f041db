# SPDX-License-Identifier: GPL-3.0-or-later
"""The SDK's connection, without its idle seconds."""

from __future__ import annotations

from typing import Any

from .sdk import ovirtsdk4

_LONGEST_WAIT = 1.0


class Connection(getattr(ovirtsdk4, "Connection", object)):  # type: ignore[misc]
    """A connection for one request at a time, which returns an answer as soon as it is there.

    The SDK looks at the socket for a whole second even when libcurl wants to go on at once: what TLS has decrypted
    already makes no socket readable, so that the end of a long answer can lie there unseen.
    """

    def wait(self, context: Any, failed_auth: bool = False) -> Any:
        """Return the answer to a request that was sent; raise what the SDK raises."""
        while self._multi.perform()[1]:
            wanted = self._multi.timeout()
            self._multi.select(_LONGEST_WAIT if wanted < 0 else min(_LONGEST_WAIT, wanted / 1000))
        return super().wait(context, failed_auth)
