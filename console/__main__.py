"""`replicore`, or `python -m console`: arguments, then assemble, then run."""

from __future__ import annotations

import gc
import sys

GARBAGE = 10_000, 20, 20
"""How many more objects there are before garbage is looked for. Seven hundred is little for a program that is made of
half a million: it would be looked through time and again while it is loaded, a fiftieth of a short command's time."""


def main() -> None:
    gc.set_threshold(*GARBAGE)
    from console.assemble import House
    from console.cli.main import run

    try:
        sys.exit(run(sys.argv[1:], House()))
    finally:
        # The interpreter looks for garbage several times before it ends: over a tenth of a second for memory that goes.
        gc.freeze()


if __name__ == "__main__":
    main()
