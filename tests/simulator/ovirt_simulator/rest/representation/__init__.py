# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of the engine's database as types of the SDK: one file a noun."""
