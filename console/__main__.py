"""`replicore`, or `python -m console`: arguments, then assemble, then run."""

from __future__ import annotations

import sys

from console.assemble import House
from console.cli.main import run


def main() -> None:
    sys.exit(run(sys.argv[1:], House()))


if __name__ == "__main__":
    main()
