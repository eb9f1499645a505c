"""`python -m cvcore.cli`, which is `tagwise`."""

import sys

from cvcore.cli import main

if __name__ == "__main__":
    sys.exit(main())
