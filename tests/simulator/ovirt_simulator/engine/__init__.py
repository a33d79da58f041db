# SPDX-License-Identifier: GPL-3.0-or-later
"""One site's engine: its database, its commands and the time they take."""
