"""`rso demo`: finds or starts the deployment, plays a case, prints the timeline and where everything is."""

import argparse
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from rso_onebox import day, default_tables, loading
from rso_onebox.bundle import BundleCase, derive_case, read_bundle
from rso_onebox.client import Api, ApiError, until
from rso_onebox.datadir import DataDir, DataDirError, running
from rso_onebox.demo_people import EMPLOYER, PARTNER, Cast
from rso_onebox.demo_receiver import Received, heard, receivers, shown, told
from rso_onebox.demo_story import Story, reports
from rso_operations import words
from rso_shared.contracts.vocabulary import ConditionGroup, Role
from rso_shared.kit.errors import DomainError

EXAMPLES = Path(__file__).parents[4] / "examples"
BREAST = "synthea330_breast_alive_"
DEFAULT_BUNDLES = tuple(EXAMPLES / f"{BREAST}{part}.json.gz" for part in ("Allena_Koepp", "hospitals", "practitioners"))
DEFAULT_DOCUMENTS = (EXAMPLES / f"{BREAST}Allena_Koepp.ccda.xml.gz",)
START_SECONDS = 600.0
Say = Callable[[str], None]


def run(data: DataDir, arguments: argparse.Namespace, say: Say) -> int:
    bundles = arguments.bundle or list(DEFAULT_BUNDLES)
    documents = arguments.document or ([] if arguments.bundle else list(DEFAULT_DOCUMENTS))
    try:
        cases = None if arguments.cases is None else day.checked(arguments.cases)
        case = _case(bundles)
    except DomainError as refusal:
        return _refused(refusal, as_json=arguments.json)
    child = None if (running(data) or {}).get("address") else start(data, arguments.port, say)
    try:
        result = _play(data, case, documents, say)
        print(json.dumps(result) if arguments.json else _closing_words(result, stays=not arguments.once), flush=True)
        if cases:
            _busy_day(data, cases, say)
        if child is not None and not arguments.once:
            child.wait()
    finally:
        if child is not None:
            stop(child)
    return 0


def _busy_day(data: DataDir, cases: int, say: Say) -> None:
    """The pages are there meanwhile, and stay if this is refused or stops on its way: the next run goes on with it."""
    say(f"filling a busy day with {words.counted(cases, 'case')}, by the public API; the pages show them coming")
    address = str((running(data) or {})["address"])
    cast = Cast(address, data.issuer())
    try:
        with receivers({EMPLOYER: cast.employer}) as got:
            filled = day.fill(address, data.issuer(), cases, day.SEED, say)
            for line in (*filled.lines(), *told(got[EMPLOYER], cast.employer)):
                say(line)
    except (ApiError, DataDirError, TimeoutError, httpx.TransportError) as problem:
        say(f"the busy day stays as it is: {problem}")
    finally:
        cast.close()


def _case(files: Sequence[Path]) -> BundleCase:
    codes = default_tables.load_conditions(loading.FOLDER)

    def group_of(codings: Any) -> ConditionGroup | None:
        return codes.group_of(codings)

    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise DataDirError(f"There is no file {', '.join(missing)}.")
    return derive_case([read_bundle(file.read_bytes()) for file in files], group_of)


def _refused(refusal: DomainError, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"refused": refusal.code, "detail": refusal.detail}))
    print(f"rso demo: the bundle was refused: {refusal.code}: {refusal.detail}", file=sys.stderr)
    return 1


def start(data: DataDir, port: int, say: Say) -> "subprocess.Popen[bytes]":
    """`rso up` as a child of its own, created as a sandbox; its progress goes to our stderr."""
    argv = [sys.executable, "-m", "rso_onebox", "--data", str(data.root), "up", "--sandbox", "--port", str(port)]
    child = subprocess.Popen(argv, stdout=sys.stderr)
    say(f"starting on {data.root}")
    end = time.monotonic() + START_SECONDS
    while not (running(data) or {}).get("address"):
        if child.poll() is not None:
            raise DataDirError(f"nothing was started; the line above says why (log: {data.log}).")
        if time.monotonic() > end:
            stop(child)
            raise DataDirError(f"`rso up` was not ready within {START_SECONDS:.0f} s; see {data.log}.")
        time.sleep(0.05)
    return child


def stop(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _play(data: DataDir, case: BundleCase, documents: Sequence[Path], say: Say) -> dict[str, Any]:
    address = str((running(data) or {})["address"])
    if not loading.loaded(address, data.issuer()):
        loading.init(address, data.issuer(), say)
        loading.seed(address, data.issuer(), say)
    started = time.monotonic()

    def step(who: str, what: str) -> None:
        say(f"{time.monotonic() - started:6.1f} s  {who:<11} {what}")

    cast = Cast(address, data.issuer())
    story = Story(cast, case, dict(_read(file) for file in documents), step)
    try:
        with receivers({PARTNER: cast.partner, EMPLOYER: cast.employer}) as got:
            story.play()
            paths = reports(story, data.reports)
            return {**_result(story, address, paths), "received": _received(story, got)}
    finally:
        cast.close()


def _read(file: Path) -> tuple[Path, bytes]:
    content = file.read_bytes()
    return (file.with_suffix(""), gzip.decompress(content)) if file.suffix == ".gz" else (file, content)


def _result(story: Story, address: str, paths: dict[str, str]) -> dict[str, Any]:
    """Waits until the timeline has the views, so that what is printed is the whole story."""
    operations = story.cast.caller(Role.OPERATIONS, "demo-operations")
    timeline = until(
        lambda: _timeline(operations, story.path("/timeline")),
        lambda facts: sum(fact["type"] == "opinion_viewed" for fact in facts) > 1,
        what="the views in the timeline",
    )
    workflow = operations.get(story.path("/workflow"))
    return {
        "case_id": story.case_id,
        "stage": operations.get(story.path())["stage"],
        "report": paths,
        "workflow": {"events": workflow["events"], "bytes": workflow["bytes"]},
        "address": address,
        "timeline": [
            {"at": fact["at"], "service": fact["service"], "type": fact["type"], "text": fact["text"]}
            for fact in timeline
        ],
    }


def _received(story: Story, got: dict[str, Received]) -> dict[str, list[dict[str, Any]]]:
    """By organisation. The employer's keys are opaque, so of its events all are shown that came during the story."""
    mine = heard(got[PARTNER], story.case_id)
    return {PARTNER: [shown(event) for event in mine], EMPLOYER: [shown(event) for event in got[EMPLOYER].events]}


def _webhooks(received: dict[str, list[dict[str, Any]]]) -> list[str]:
    lines = []
    for organisation, events in received.items():
        lines.append(f"webhooks to {organisation}: {words.counted(len(events), 'event')}")
        lines += [f"  {event['sequence']:>6}  {event['type']:<22} {event['stage'] or ''}".rstrip() for event in events]
    if not received[EMPLOYER]:
        lines.append("  (an employer with fewer than 11 cases in a year hears numbers of the month alone)")
    return lines


def _timeline(api: Api, path: str) -> list[dict[str, Any]]:
    """Empty while operations has not heard of the case: after a seed it has seven thousand records to read first."""
    try:
        return list(api.get(path)["facts"])
    except ApiError as refusal:
        if refusal.code != "case_unknown":
            raise
        return []


def _closing_words(result: dict[str, Any], *, stays: bool) -> str:
    lines = ["", f"case {result['case_id']}: {result['stage']}", ""]
    lines += [f"  {fact['at'][11:19]}  {fact['service']:<12} {fact['text']}" for fact in result["timeline"]]
    events = words.counted(result["workflow"]["events"], "event")
    lines += ["", *_webhooks(result["received"])]
    lines += ["", f"workflow history: {events}, {result['workflow']['bytes']:,} bytes"]
    lines += [f"{name.replace('_', ' ')}: {path}" for name, path in result["report"].items()]
    lines += [f"pages: {result['address']}/operations/   API: {result['address']}/docs"]
    return "\n".join([*lines, "stays up; Ctrl-C stops it" if stays else "stopped"])
