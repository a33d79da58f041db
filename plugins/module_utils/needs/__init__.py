# SPDX-License-Identifier: GPL-3.0-or-later
"""What the registration of a VM or template will need: its documents, the checks, and what travels together."""
