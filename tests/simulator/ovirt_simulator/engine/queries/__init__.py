# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that change nothing in the engine's database."""
