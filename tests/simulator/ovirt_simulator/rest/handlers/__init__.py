# SPDX-License-Identifier: GPL-3.0-or-later
"""What each route does: one file a noun."""
