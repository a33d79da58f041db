# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage arrays and what lies on them; they know no engine and outlive every one."""
