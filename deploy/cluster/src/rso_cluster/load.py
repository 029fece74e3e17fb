"""`rso load`: whole cases as fast as they go, under fire if wanted, and the auditor's word at the end."""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from rso_cluster.audit import Verdict, audit
from rso_cluster.chaos_target import Target
from rso_cluster.killer import AVERAGE_SECONDS, Killer
from rso_cluster.load_cluster import ClusterTarget, is_cluster
from rso_cluster.load_drive import Drive, Driven
from rso_cluster.load_onebox import OneboxTarget
from rso_onebox import commands, loading
from rso_onebox.verbs import Verb
from rso_shared.kit.auth import Issuer

SETTLE_SECONDS = 180.0
"""How long the deployment may need after the last case until every fact has arrived everywhere."""
LOOK_SECONDS = 2.0
Say = Callable[[str], None]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=20, help="how many whole cases (default 20)")
    parser.add_argument("--concurrency", type=int, default=8, help="how many at a time (default 8)")
    parser.add_argument(
        "--kill", type=int, metavar="SEED", help="end random processes with SIGKILL while the cases run"
    )
    parser.add_argument(
        "--every",
        type=float,
        default=AVERAGE_SECONDS,
        metavar="SECONDS",
        help="between two kills on average (default 3)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout, progress on stderr")


def run(given: argparse.Namespace) -> int:
    started = time.monotonic()
    data = commands.data_dir(given)
    target: Target = ClusterTarget(data, commands.say) if is_cluster(data) else OneboxTarget(data, commands.say)
    try:
        _prepare(target.address, target.issuer, commands.say)
        killer = Killer(target, given.kill, commands.say, average=given.every) if given.kill is not None else None
        result = load(target, given.cases, given.concurrency, killer, commands.say)
    finally:
        target.close()
    result["seconds_in_all"] = round(time.monotonic() - started, 1)
    print(json.dumps(result) if given.json else _words(result))
    return 0 if passed(result) else 1


def load(target: Target, cases: int, concurrency: int, killer: Killer | None, say: Say) -> dict[str, Any]:
    if killer is not None:
        killer.start()
    driven = Drive(target.address, target.issuer, cases, concurrency, _first(), say).run()
    kills = killer.finish() if killer is not None else {}
    say("all cases were played; waiting until every fact has arrived everywhere")
    verdict = settled(target, frozenset(driven.opened), say)
    return _result(driven, kills, killer.at_least if killer else 0, verdict)


def settled(target: Target, wanted: frozenset[str], say: Say) -> Verdict:
    """The audit once it finds nothing, or what it still finds when the time is over."""
    end, said = time.monotonic() + SETTLE_SECONDS, ""
    while True:
        verdict = audit(target.evidence(wanted))
        if verdict.clean or time.monotonic() > end:
            return verdict
        first = f"not at rest yet: {len(verdict.findings)} findings, the first: {verdict.findings[0].line()}"
        if first != said:
            say(first)
        said = first
        time.sleep(LOOK_SECONDS)


def passed(result: dict[str, Any]) -> bool:
    """Every case delivered, nothing wrong, and, under fire, each role hit at least once."""
    wrong = sum(result[name] for name in ("lost", "duplicated", "stuck", "changed", "failed"))
    return not wrong and all(result["kills"].values()) and sum(result["kills"].values()) >= result["kills_wanted"]


def _prepare(address: str, issuer: Issuer, say: Say) -> None:
    if not loading.loaded(address, issuer):
        loading.init(address, issuer, say)
        loading.seed(address, issuer, say)


def _first() -> int:
    """People of another load are other people: numbered from the second in which it began."""
    return int(time.time()) * 10


def _result(driven: Driven, kills: dict[str, int], kills_wanted: int, verdict: Verdict) -> dict[str, Any]:
    times = sorted(driven.seconds)
    played = verdict.as_json()
    return {
        "cases": len(driven.finished) + len(driven.failed),
        "delivered": len(driven.finished),
        "failed": len(driven.failed),
        **{name: played[name] for name in ("lost", "duplicated", "stuck", "changed")},
        "kills": kills,
        "kills_wanted": kills_wanted,
        "seconds": round(driven.took, 1),
        "cases_per_second": round(len(driven.finished) / driven.took, 3) if driven.took else 0.0,
        "case_seconds": {
            "median": round(statistics.median(times), 2) if times else None,
            "longest": round(times[-1], 2) if times else None,
        },
        "requests": driven.tally.requests,
        "sent_again": driven.tally.again,
        "deployment": played,
        "failures": driven.failed[:20],
    }


def _words(result: dict[str, Any]) -> str:
    seen = result["deployment"]
    lines = [
        f"{result['delivered']} of {result['cases']} cases delivered in {result['seconds']} s: {result['cases_per_second']} a second",
        f"lost {result['lost']}, duplicated {result['duplicated']}, stuck {result['stuck']}, changed {result['changed']}",
        f"audited: {seen['cases']} cases, {seen['events']} events in {seen['streams']} streams, {seen['records']} records",
        f"         {seen['consumed']} applied, {seen['mails']} mails, {seen['workflows']} open workflows, balance {seen['trial_balance']}",
    ]
    if result["kills"]:
        lines.append(f"kills: {', '.join(f'{role} {number}' for role, number in result['kills'].items())}")
    return "\n".join([*lines, *seen["findings"], *result["failures"]])


LOAD = Verb("load", "play whole cases as fast as they go, under fire if wanted, and prove the outcome", arguments, run)
