"""Grafana's dashboards from one table: `python deploy/grafana/dashboards.py` writes them anew, `--check` says whether it must.

Metrics are looked up in the kit's own table, so a panel cannot ask for one that nobody records. Gauges are sampled by every
replica of a consumer: a panel takes their maximum, never their sum.
"""

# ruff: noqa: INP001 - a script beside its files, not a package
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rso_shared.kit.metric_table import TABLE

FOLDER = Path(__file__).parent
WIDTH, HEIGHT, COLUMNS = 8, 8, 3
SOURCE = {"type": "prometheus", "uid": "prometheus"}
_NAMES = {metric.name: metric.prometheus for metric in TABLE}


@dataclass(frozen=True, slots=True)
class Panel:
    """`query` is PromQL; `legend` names the labels that tell its lines apart."""

    title: str
    query: str
    legend: tuple[str, ...] = ()
    unit: str = "short"
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    uid: str
    title: str
    panels: tuple[Panel, ...]


def per_second(metric: str, *by: str, only: str = "", over: str = "5m") -> str:
    return f"sum by ({', '.join(by)}) (rate({metric}{only}[{over}]))"


def counted(metric: str, *by: str, only: str = "", over: str = "1h") -> str:
    total = f"increase({metric}{only}[{over}])"
    return f"sum by ({', '.join(by)}) ({total})" if by else f"sum({total})"


def highest(metric: str, *by: str, only: str = "") -> str:
    return f"max by ({', '.join(by)}) ({metric}{only})"


def quantile(share: float, *by: str, only: str = "") -> str:
    return f"histogram_quantile({share}, {per_second(f'{REQUESTS}_bucket', 'le', *by, only=only)})"


REQUESTS, DONE = _NAMES["rso.request.duration"], f"{_NAMES['rso.request.duration']}_count"
POSTS, GETS, FAILED = '{method="POST"}', '{method="GET"}', '{outcome="failed"}'
SUBMITTED = '{method="POST",route="/v1/cases",outcome="done"}'
SIGNED = '{route="/v1/cases/{case_id}/opinion/signature",outcome="done"}'
AGE, UNSENT, LAG = _NAMES["rso.outbox.age"], _NAMES["rso.outbox.pending"], _NAMES["rso.consumer.lag"]
PARKED, SENT, BATCHES = _NAMES["rso.parked.keys"], _NAMES["rso.relay.records"], _NAMES["rso.relay.batches"]
CONFLICTS, DROPPED, SKIPPED = _NAMES["rso.append.conflicts"], _NAMES["rso.telemetry.dropped"], _NAMES["rso.skipped"]
STAGES, TIMERS, MAILS = _NAMES["rso.cases"], _NAMES["rso.timers.fired"], _NAMES["rso.mail.sent"]
MISSED = _NAMES["rso.sla.breaches"]
SERVICE = ("service",)

COMMANDS = (
    Panel("Commands per second", per_second(DONE, *SERVICE, only=POSTS, over="1m"), SERVICE, "reqps"),
    Panel("Commands, median", quantile(0.5, *SERVICE, only=POSTS), SERVICE, "s"),
    Panel("Commands, 99 of 100", quantile(0.99, *SERVICE, only=POSTS), SERVICE, "s"),
    Panel("Slowest routes, 95 of 100", f"topk(10, {quantile(0.95, 'route')})", ("route",), "s"),
    Panel("Reads, 95 of 100", quantile(0.95, *SERVICE, only=GETS), SERVICE, "s"),
    Panel("Outcomes", per_second(DONE, "outcome", over="1m"), ("outcome",), "reqps", stacked=True),
    Panel("Failed", f"{per_second(DONE, 'service', 'route', only=FAILED)} > 0", ("service", "route"), "reqps"),
    Panel("Append conflicts", per_second(CONFLICTS, "service", "aggregate"), ("service", "aggregate"), "ops"),
    Panel("Telemetry that was dropped", per_second(DROPPED, "signal"), ("signal",), "ops"),
)
LOG = (
    Panel("Oldest unsent record", highest(AGE, *SERVICE), SERVICE, "s"),
    Panel("Unsent records", highest(UNSENT, *SERVICE), SERVICE),
    Panel("Records sent", per_second(SENT, *SERVICE, over="1m"), SERVICE, "ops"),
    Panel("Records per batch", f"{per_second(SENT, *SERVICE)} / {per_second(BATCHES, *SERVICE)}", SERVICE),
    Panel("Lag by group", f"sum by (group) ({highest(LAG, 'group', 'topic')})", ("group",)),
    Panel("Lag by group and topic", f"topk(10, {highest(LAG, 'group', 'topic')})", ("group", "topic")),
    Panel("Keys that wait for another fact", highest(PARKED, "consumer", only='{state="not_yet"}'), ("consumer",)),
    Panel("Keys that wait for a person", highest(PARKED, "consumer", only='{state="poison"}'), ("consumer",)),
    Panel("Types that a service does not know", counted(SKIPPED, "service", "type"), ("service", "type")),
)
CASES = (
    Panel("Cases by stage", highest(STAGES, "stage"), ("stage",), stacked=True),
    Panel("Timers fired per hour", counted(TIMERS, "deadline", "rung"), ("deadline", "rung")),
    Panel("Deadlines missed per day", counted(MISSED, "deadline", over="1d"), ("deadline",)),
    Panel("Mails per hour", counted(MAILS, "template"), ("template",), stacked=True),
    Panel("Cases submitted per hour", counted(DONE, only=SUBMITTED)),
    Panel("Opinions signed per hour", counted(DONE, only=SIGNED)),
)
DASHBOARDS = (
    Dashboard("rso-commands", "Requests", COMMANDS),
    Dashboard("rso-log", "Facts on their way", LOG),
    Dashboard("rso-cases", "Cases", CASES),
)


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    legend = " ".join(f"{{{{{label}}}}}" for label in panel.legend)
    custom = {"fillOpacity": 25, "stacking": {"mode": "normal"}} if panel.stacked else {}
    row, column = divmod(number, COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": {"h": HEIGHT, "w": WIDTH, "x": column * WIDTH, "y": row * HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom}, "overrides": []},
        "targets": [{"refId": "A", "datasource": SOURCE, "expr": panel.query, "legendFormat": legend or panel.title}],
    }


def made(dashboard: Dashboard) -> dict[str, Any]:
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["rso"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard.panels)],
    }


def files() -> dict[Path, str]:
    return {FOLDER / f"{one.uid}.json": json.dumps(made(one), indent=2) + "\n" for one in DASHBOARDS}


def main(argv: Sequence[str]) -> int:
    wanted = files()
    old = [path.name for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if list(argv) == ["--check"]:
        print(f"not up to date: {', '.join(old)}" if old else "dashboards are up to date")
        return 1 if old else 0
    for path, text in wanted.items():
        path.write_text(text)
    print(f"{len(wanted)} dashboards, {len(old)} of them changed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
