"""`python -m netcore.cli`: the same as `netcore`."""

import sys

from netcore.cli import main

if __name__ == "__main__":
    sys.exit(main())
