"""What every bench gives back: rows of one table. A ratio's two sides are always measured interleaved in the same run."""

import json
import statistics
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True)
class Row:
    """`target` says what `ratio` has to reach (or `ours`, where there is no peer); `met` is None where nothing is promised."""

    name: str
    ours: float
    unit: str
    peer: float | None = None
    ratio: float | None = None
    target: str | None = None
    met: bool | None = None


def reported(name: str, ours: float, unit: str) -> Row:
    return Row(name, _short(ours), unit)


def at_most(name: str, ours: float, unit: str, limit: float) -> Row:
    return Row(name, _short(ours), unit, target=f"<= {limit:g}", met=ours <= limit)


def at_least(name: str, ours: float, unit: str, limit: float) -> Row:
    return Row(name, _short(ours), unit, target=f">= {limit:g}", met=ours >= limit)


def ratio_at_most(name: str, ours: float, peer: float, unit: str, limit: float) -> Row:
    """Times: ours may be this much longer than the peer's."""
    ratio = ours / peer
    return Row(name, _short(ours), unit, _short(peer), round(ratio, 3), f"<= {limit:g}x", ratio <= limit)


def ratio_at_least(name: str, ours: float, peer: float, unit: str, limit: float) -> Row:
    """Rates: ours must be at least this part of the peer's."""
    ratio = ours / peer
    return Row(name, _short(ours), unit, _short(peer), round(ratio, 3), f">= {limit:g}x", ratio >= limit)


def interleaved(ours: Callable[[], float], peer: Callable[[], float], rounds: int = 5) -> tuple[float, float]:
    """Medians of both sides, taken in turns, so that whatever else the machine does touches both alike."""
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def table(rows: Iterable[Row]) -> str:
    head = f"{'what':<64} {'ours':>10} {'peer':>10} {'unit':<9} {'ratio':>7} {'target':>9}"
    return "\n".join([head, "-" * len(head), *map(_line, rows)])


def _line(row: Row) -> str:
    verdict = {None: "", True: "met", False: "MISSED"}[row.met]
    cells = ["" if value is None else f"{value:g}" for value in (row.ours, row.peer, row.ratio)]
    text = f"{row.name:<64} {cells[0]:>10} {cells[1]:>10} {row.unit:<9} {cells[2]:>7} {row.target or '':>9} {verdict}"
    return text.rstrip()


def write(rows: Iterable[Row], path: Path = RESULTS) -> None:
    path.write_text(json.dumps({"rows": [asdict(row) for row in rows]}, indent=1) + "\n")


def _short(value: float) -> float:
    return float(f"{value:.4g}")
