# SPDX-License-Identifier: GPL-3.0-or-later
"""The version of the collection, which a module cannot read from galaxy.yml where it runs."""

VERSION = "0.1.0"
