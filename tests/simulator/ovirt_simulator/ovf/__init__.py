# SPDX-License-Identifier: GPL-3.0-or-later
"""oVirt's OVF dialect, and the archive in which a storage domain keeps its documents."""
