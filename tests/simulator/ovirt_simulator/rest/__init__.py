# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST API: what goes over the wire, and its translation into commands and queries."""
