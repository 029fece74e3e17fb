"""api | relay | consumer | migrate | rebuild | delivery"""

import sys
from pathlib import Path

from rso_shared.kit.process import Additions, main
from rso_subscriptions.app import SPEC
from rso_subscriptions.delivery.loop import LOOP, loops

if __name__ == "__main__":
    sys.exit(
        main(SPEC, Path(__file__).parent / "migrations" / "versions", sys.argv[1:], Additions(loops={LOOP: loops}))
    )
