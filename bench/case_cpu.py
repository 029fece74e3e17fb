"""Processor time of a whole case on a cluster of one replica, beside the sum of its steps done bare on the same engines.

Ours: the callers, every process of the cluster and all three engines, while cases are played; idling is not taken off. Bare: how many
calls, appends, sends, receipts, workflow starts, local activities, signals and timers those cases were, times what one costs
(`bare_costs`). The counts are rows too: they do not depend on the machine. `python bench/case_cpu.py` runs this one alone.
"""

import asyncio
import json
import os
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import count

import bare_costs
from cases import clustered, silent
from processor import spent
from rows import Row, ratio_at_most, reported, table
from temporalio.client import Client

from rso_cluster.folder import Folder
from rso_cluster.load import settled
from rso_cluster.load_cluster import ClusterTarget
from rso_cluster.load_drive import Drive, Driven
from rso_coordinator.bridge import workflow_id
from rso_engines.engines import Engines
from rso_engines.status import Status
from rso_onebox.datadir import running

CASES, AT_ONCE, ROUNDS, LIMIT = 12, 6, 2, 2.0
ALL = CASES * ROUNDS
POLL = ("GET", "/v1/cases/{case_id}")
MARKS = {
    "EVENT_TYPE_MARKER_RECORDED": "local_activity",
    "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED": "signal",
    "EVENT_TYPE_TIMER_STARTED": "timer",
    "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED": "start",
}
_first = count(500_000, CASES)


def main() -> list[Row]:
    with clustered(1) as target:
        status = Engines(Folder(target.data).engines).status()
        engines = _engines(target, status)
        before, driven, ours, rounds = _counted(target), [], 0.0, []
        asked = _requests(target)
        for _ in range(ROUNDS):
            ours += spent(lambda: driven.append(_played(target)), lambda: (os.getpid(), *engines.pids))
            rounds.append(asdict(bare_costs.measured(engines)))
        steps = _counted(target)
        steps.subtract(before)
        polls = _requests(target)[POLL] - asked[POLL]
        steps.update(asyncio.run(_marks(str(status.temporal), [case for each in driven for case in each.opened])))
    costs = {step: statistics.mean(each[step] for each in rounds) for step in rounds[0]}
    bare = sum(number * costs[step] for step, number in steps.items())
    return [
        reported("of a case: calls without its callers' polling", (steps["call"] - polls) / ALL, ""),
        *(reported(f"of a case: {step.replace('_', ' ')}s", number / ALL, "") for step, number in steps.items()),
        *(
            reported(f"processor time of one bare {step.replace('_', ' ')}", 1000 * cost, "ms")
            for step, cost in costs.items()
        ),
        ratio_at_most("processor time of a whole case, all processes and engines", ours / ALL, bare / ALL, "s", LIMIT),
    ]


def _played(target: ClusterTarget) -> Driven:
    driven = Drive(target.address, target.issuer, CASES, AT_ONCE, next(_first), silent).run()
    if driven.failed:
        raise RuntimeError(f"{len(driven.failed)} of {CASES} cases failed, the first: {driven.failed[0]}")
    return driven


def _engines(target: ClusterTarget, status: Status) -> bare_costs.Engines:
    if status.postgres is None:
        raise RuntimeError("the cluster's PostgreSQL has no address")
    pids = [each.pid for each in status.engines.values() if each.pid]
    apart = [int((running(target.data) or {})["pid"])]
    return bare_costs.Engines(str(status.postgres["url"]), str(status.kafka), str(status.temporal), pids, apart)


def _counted(target: ClusterTarget) -> Counter[str]:
    """Since the cluster began. An append is a transaction that wrote events; a receipt is a record that a consumer applied."""
    counts = settled(target, frozenset(), silent).counts
    return Counter(
        call=sum(_requests(target).values()), append=_appends(target), send=counts.records, receive=counts.consumed
    )


def _requests(target: ClusterTarget) -> Counter[tuple[str, str]]:
    """By method and route. How often a caller asks for a case depends on how long it waits; all else does not."""
    lines = (line for log in Folder(target.data).logs.glob("*-api-*.log") for line in log.read_text().splitlines())
    told = (json.loads(line) for line in lines if line.startswith("{"))
    return Counter((each["method"], each["route"]) for each in told if each.get("event") == "request")


def _appends(target: ClusterTarget) -> int:
    query = "SELECT count(DISTINCT xmin::text) FROM events"
    return sum(int(next(store.rows(query))[0]) for store in target.stores().values())


async def _marks(address: str, cases: Sequence[str]) -> Counter[str]:
    """From the histories, which say without being opened what was done."""
    client, found = await Client.connect(address), Counter[str]()
    for case_id in cases:
        async for event in client.get_workflow_handle(workflow_id(case_id)).fetch_history_events():
            name = event.DESCRIPTOR.fields_by_name["event_type"].enum_type.values_by_number[event.event_type].name
            found[MARKS.get(name, "")] += 1
    del found[""]
    return found


if __name__ == "__main__":
    print(table(main()))
