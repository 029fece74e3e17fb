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
from rso_onebox.datadir import DataDir, DataDirError, running
from rso_onebox.verbs import Verb
from rso_shared.kit.auth import Issuer

SETTLE_SECONDS = 180.0
"""How long the deployment may need after the last case until every fact has arrived everywhere."""
LOOK_SECONDS = 2.0
CLUSTER, ONE_MACHINE = "cluster", "live"
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
    target = chosen(commands.data_dir(given, preferred(given)), commands.say)
    try:
        _prepare(target.address, target.issuer, commands.say)
        killer = Killer(target, given.kill, commands.say, average=given.every) if given.kill is not None else None
        found = load(target, given.cases, given.concurrency, killer, commands.say)
    finally:
        target.close()
    found["seconds_in_all"] = round(time.monotonic() - started, 1)
    print(json.dumps(found) if given.json else words(found))
    return 0 if passed(found) else 1


def preferred(given: argparse.Namespace) -> str:
    """Folder under .rso when none is named: the cluster that runs there, else the one machine."""
    return CLUSTER if running(commands.data_dir(given, CLUSTER)) else ONE_MACHINE


def chosen(data: DataDir, say: Say) -> Target:
    """Says what the load runs against. Raises DataDirError where it is a cluster of which a part does not run."""
    if not is_cluster(data):
        say(f"one machine on {data.root}: its process and Temporal beside it. For every role alone: `rso cluster up`")
        return OneboxTarget(data, say)
    target = ClusterTarget(data, say)
    say(f"the cluster on {data.root} at {target.address}: {len(target.roles)} roles and engines")
    if absent := target.absent():
        raise DataDirError(f"These roles have no process on {data.root}: {', '.join(absent)}. Start it anew.")
    return target


def load(target: Target, cases: int, concurrency: int, killer: Killer | None, say: Say) -> dict[str, Any]:
    if killer is not None:
        killer.start()
    driven = Drive(target.address, target.issuer, cases, concurrency, _first(), say).run()
    kills = killer.finish() if killer is not None else {}
    say("all cases were played; waiting until every fact has arrived everywhere")
    verdict = settled(target, frozenset(driven.opened), say)
    found = result(driven, cases, kills, killer.at_least if killer else 0, verdict)
    every = killer.every() if killer is not None else None
    return {"target": target.name, **found, "seconds_from_kill_to_kill": every, "points": target.points()}


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
    """Every case delivered, nothing wrong, and, under fire, each role and each armed crash point hit at least once."""
    wrong = sum(result[name] for name in ("lost", "duplicated", "stuck", "changed", "failed"))
    hit = all(number for of_role in result["points"].values() for number in of_role.values())
    struck = all(result["kills"].values()) and sum(result["kills"].values()) >= result["kills_wanted"]
    return not wrong and result["delivered"] == result["cases"] and hit and struck


def _prepare(address: str, issuer: Issuer, say: Say) -> None:
    if not loading.loaded(address, issuer):
        loading.init(address, issuer, say)
        loading.seed(address, issuer, say)


def _first() -> int:
    """People of another load are other people: numbered from the second in which it began."""
    return int(time.time()) * 10


def result(driven: Driven, cases: int, kills: dict[str, int], kills_wanted: int, verdict: Verdict) -> dict[str, Any]:
    """`cases`: how many were asked for, whatever became of their players."""
    times = sorted(driven.seconds)
    played = verdict.as_json()
    return {
        "cases": cases,
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
        "refused": {str(status): number for status, number in sorted(driven.tally.refused.items())},
        "deployment": played,
        "failures": driven.failed[:20],
    }


def words(result: dict[str, Any]) -> str:
    seen = result["deployment"]
    lines = [
        f"{result['delivered']} of {result['cases']} cases delivered in {result['seconds']} s: {result['cases_per_second']} a second",
        f"lost {result['lost']}, duplicated {result['duplicated']}, stuck {result['stuck']}, changed {result['changed']}",
        f"audited: {seen['cases']} cases, {seen['events']} events in {seen['streams']} streams, {seen['records']} records",
        f"         {seen['consumed']} applied, {seen['mails']} mails, {seen['workflows']} open workflows, balance {seen['trial_balance']}",
    ]
    if result["kills"]:
        lines.append(f"kills: {', '.join(f'{role} {number}' for role, number in result['kills'].items())}")
        lines.append(f"one every {result.get('seconds_from_kill_to_kill')} s on average")
    if result["refused"]:
        lines.append(
            f"answers: {', '.join(f'{number} times {status}' for status, number in result['refused'].items())}"
        )
    for role, hit in result.get("points", {}).items():
        lines.append(f"crash points of {role}: {', '.join(f'{point} {number}' for point, number in hit.items())}")
    return "\n".join([*lines, *seen["findings"], *result["failures"]])


LOAD = Verb("load", "whole cases as fast as they go, with --kill under fire; then the audit", arguments, run)
