"""What is known of the case that was played and of its clones: the words that paths and bodies of `growth_views` name in braces."""

import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from finished import Finished
from growth_side import Side
from onebox import BUNDLE
from preload import UUID, Case

from rso_onebox import default_tables, loading
from rso_onebox.bundle import derive_case, read_bundle
from rso_onebox.demo_people import PARTNER, Cast, submission
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer, make_private_pem
from rso_shared.kit.broker import Record
from rso_shared.kit.ids import event_id
from rso_shared.kit.names import topic_of

PROGRAM = "direct-cancer"
FIRST_HEARD, MOST = 1_000_000, 100
"""The number of the first case that is only heard of, far from those that are whole; a specialist takes so many cases at most."""
BRACES = re.compile(r"\{(\w+)\}")
Known = dict[str, Any]


def known(played: Finished, short: str) -> Known:
    """Of the case that was played."""
    (offer,), (honorarium,) = (_new(played, *where) for where in (("matching", "offers"), ("billing", "honoraria")))
    stream = _new(played, "records", "record_requests")[0]["stream"]
    waived = next(row for row in _new(played, "records", "events") if row["name"] == "records.record_item_waived")
    return {
        "service": short,
        "case_id": played.case_id,
        "specialist_id": offer["specialist_id"],
        "offer_id": offer["offer_id"],
        "assignment_id": offer["assignment_id"],
        "honorarium_id": honorarium["honorarium_id"],
        "facility_id": stream.split("/")[3],
        "waived": json.loads(waived["data"])["kind"],
    }


def _new(played: Finished, short: str, table: str) -> list[dict[str, Any]]:
    before = {repr(row) for row in played.before[short][table]}
    return [row for row in played.after[short][table] if repr(row) not in before]


def of_clone(first: Known, of: Case, number: int) -> Known:
    words = of.renamed(number)
    return {name: UUID.sub(lambda found: words.get(found[0], found[0]), value) for name, value in first.items()}


def fresh(turn: int) -> Known:
    """What is another one in every turn."""
    return {"turn": turn % MOST, "someone": f"patient-{uuid.uuid4()}"}


def submissions(side: Side) -> Callable[[], dict[str, Any]]:
    """Bodies of POST /v1/cases about the patient of the example, each with references of its own."""
    codes = default_tables.load_conditions(loading.FOLDER)
    bundle = derive_case([read_bundle(BUNDLE.read_bytes())], codes.group_of)
    program = side.call("GET", f"/v1/programs/{PROGRAM}", Role.PARTNER, "example-health-ehr", PARTNER)
    issuer = Issuer(make_private_pem(), "nobody")
    return lambda: submission(bundle, Cast("", issuer), program)


def filled(template: Any, about: Known) -> Any:
    if isinstance(template, Mapping):
        return {name: filled(value, about) for name, value in template.items()}
    if not isinstance(template, str):
        return template
    whole = BRACES.fullmatch(template)
    return about[whole[1]] if whole else BRACES.sub(lambda found: str(about[found[1]]), template)


def records(of: Case, number: int) -> list[Record]:
    """The facts of a clone as they come from the log, published just now."""
    return [_record(row) for row in of.kept(number)]


def _record(row: Mapping[str, Any]) -> Record:
    headers = {
        "ce_id": event_id(),
        "ce_type": row["type"],
        "ce_subject": row["key"],
        "ce_time": row["occurred_at"],
        "ce_stream": row["stream"],
        "ce_streamversion": row["version"],
        "ce_hash": "00" * 32,
        "ce_correlationid": row["key"],
    }
    return Record(topic_of(row["type"].split(".")[1]), row["key"], headers, row["data"].encode())
