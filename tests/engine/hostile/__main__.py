"""Try hostile inputs in a process of their own, which one of them may end."""

import argparse
import sys
from pathlib import Path

from engine.hostile.run import CHUNK, Outcome, run_chunk


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.hostile", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of all draws")
    parser.add_argument("--first", type=int, default=0, help="number of the first chunk")
    parser.add_argument("--chunks", type=int, default=20, help=f"how many, of {CHUNK} inputs each")
    parser.add_argument("--trace", action="store_true", help="show each input before it is tried")
    parser.add_argument("--reached", type=Path, help="file for the number of the chunk at hand")
    options = parser.parse_args()
    outcome = Outcome()
    for chunk in range(options.first, options.first + options.chunks):
        if options.reached:
            options.reached.write_text(str(chunk), encoding="utf-8")
        run_chunk(options.seed, chunk, CHUNK, outcome, trace=options.trace)
    for failure in outcome.failures:
        print(failure.encode("utf-8", "backslashreplace").decode())
    return bool(outcome.failures)


if __name__ == "__main__":
    sys.exit(main())
