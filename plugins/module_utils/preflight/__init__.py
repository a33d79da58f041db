# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be known of a recovery beforehand: facts of both sites, checks in families, one judgement."""
