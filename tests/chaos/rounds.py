"""Cases, a few at a time, until every armed point has had its turn: which process takes which step is not ours to say."""

from pathlib import Path

from chaos.armed import tally
from chaos.conftest import silent
from rso_cluster.load_drive import Drive, Driven
from rso_cluster.load_onebox import OneboxTarget

ROUNDS = 12


def play(target: OneboxTarget, cases: int, file: Path, wanted: dict[tuple[str, str], int]) -> Driven:
    """All that was played, in as many rounds as it took; the caller sees in the tally whether they were enough."""
    driven = Driven()
    for number in range(ROUNDS):
        if tally(file) == wanted:
            break
        Drive(target.address, target.issuer, cases, cases, number * cases, silent, driven).run()
    return driven
