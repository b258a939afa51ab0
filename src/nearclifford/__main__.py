"""``python -m nearclifford`` is the command ``nearclifford``."""

import sys

from nearclifford.cli import main

if __name__ == "__main__":
    sys.exit(main())
