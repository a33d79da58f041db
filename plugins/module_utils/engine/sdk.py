# SPDX-License-Identifier: GPL-3.0-or-later
"""The one door to the third-party libraries, so that importing this package never needs them to be installed."""

from __future__ import annotations

import traceback

try:
    import ovirtsdk4
    import pycurl  # type: ignore[import-untyped, unused-ignore]
    from ovirtsdk4 import http, reader, readers, types, writer, xml
except ImportError:
    ovirtsdk4 = pycurl = http = reader = readers = types = writer = xml = None
    IMPORT_TRACE: str | None = traceback.format_exc()
else:
    IMPORT_TRACE = None

LIBRARY = "ovirt-engine-sdk-python (ovirtsdk4)"

__all__ = ["IMPORT_TRACE", "LIBRARY", "http", "ovirtsdk4", "pycurl", "reader", "readers", "types", "writer", "xml"]
