"""The regression gates: fails when fastframe has become slower.

Usage: python bench/gate.py [--strict] [--base REV] [--record] [GATE...]

  shares         our time over that of a C loop over the same libcrypto
  builds         this tree against the merge base (or REV), in turns
  instructions   instructions per frame against those recorded

Without a name all three. --strict is for CI: no valgrind is a failure, and
without a record for the machine the instructions are compared with the merge
base's. --record measures the floors of shares, and instructions, and keeps them.
"""

from __future__ import annotations

import argparse
import sys
import time

from gates import instructions, shares, versus

GATES = ("shares", "builds", "instructions")
RECORDS = {"shares": shares.record, "instructions": instructions.record}


def main() -> int:
    """Run the gates asked for; 1 if one fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("gates", nargs="*", metavar="GATE", choices=[*GATES, []])
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--base", metavar="REV")
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    if args.record:
        for name in args.gates or RECORDS:
            RECORDS[name]()
        return 0
    ways = {
        "shares": shares.run,
        "builds": lambda: versus.run(args.base),
        "instructions": lambda: instructions.run(args.base, is_strict=args.strict),
    }
    failed = []
    for name in args.gates or GATES:
        print(f"== {name}", flush=True)
        begin = time.monotonic()
        wrong = ways[name]()
        taken = time.monotonic() - begin
        print(f"{name}: {'FAILED' if wrong else 'good'} after {taken:.0f} s\n")
        failed += [f"{name}: {what}" for what in wrong]
    for line in failed:
        print(f"FAILED {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
