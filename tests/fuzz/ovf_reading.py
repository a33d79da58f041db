# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutilated OVF documents: the reader refuses them with its own error or reads them, soon and in little memory."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections import Counter
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests" / "unit"), str(TOP / "tests" / "simulator")]

from plugins.module_utils.ovf.reader import OvfError, read  # noqa: E402

from ovf_documents import Mutator  # noqa: E402

_MEGABYTES = 200
_SECONDS = 1.0


def main() -> int:
    """Print the figures; return 0 if they are below their limits. Any other exception ends the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    mutator = Mutator(chosen.seed)
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(chosen.documents):
        document = mutator.next()
        began = time.perf_counter()
        try:
            read(document)
            outcomes["read"] += 1
        except OvfError:
            outcomes["refused"] += 1
        except Exception:
            print(f"document {number} of seed {chosen.seed}: {document!r}", file=sys.stderr)
            raise
        slowest = max(slowest, time.perf_counter() - began)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"documents {chosen.documents:8}: {outcomes['read']} read, {outcomes['refused']} refused")
    print(f"slowest   {slowest:8.3f} s (limit {_SECONDS:.0f} s)")
    print(f"memory    {megabytes:8.0f} MB (limit {_MEGABYTES} MB)")
    return 0 if slowest < _SECONDS and megabytes < _MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
