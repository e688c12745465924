"""`replicore`, or `python -m console`: arguments, then assemble, then run."""

from __future__ import annotations

import gc
import sys

from console.assemble import House
from console.cli.main import run


def main() -> None:
    try:
        sys.exit(run(sys.argv[1:], House()))
    finally:
        # The interpreter looks for garbage several times before it ends: over a tenth of a second for memory that goes.
        gc.freeze()


if __name__ == "__main__":
    main()
