# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering what came with imported storage domains: plan, execute, verify, repair."""
