"""api | relay | consumer | migrate | rebuild"""

import sys
from pathlib import Path

from rso_shared.kit.process import main
from rso_subscriptions.app import SPEC

if __name__ == "__main__":
    sys.exit(main(SPEC, Path(__file__).parent / "migrations" / "versions", sys.argv[1:]))
