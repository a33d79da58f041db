# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's search language: its grammar, what can be searched, and the search itself."""
