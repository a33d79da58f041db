# SPDX-License-Identifier: GPL-3.0-or-later
"""An oVirt engine for tests and demonstrations: the real REST API over HTTPS, on simulated storage."""
