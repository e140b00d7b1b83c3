"""`python -m reidtrack` is the console script `reidtrack`."""

import sys

from reidtrack.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
