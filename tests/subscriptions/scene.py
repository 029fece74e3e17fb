"""Organisations, grants and cases as the service hears of them."""

from datetime import timedelta
from typing import Any

from billing.programs import program
from sqlalchemy import select

from rso_shared.contracts.base import AccessChange, FactModel
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.intake import CaseSubmitted, CoveredLivesStated, OrganisationRegistered, ProgramPublished
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import ConditionGroup, CoverageRoute, Priority, RequesterRelation, Role, Stage
from rso_shared.kit.events import Actor, Meta
from rso_shared.kit.store import stream_id
from rso_subscriptions import feed
from rso_subscriptions.app import SPEC
from rso_subscriptions.domain.filters import Filter
from rso_subscriptions.domain.grant import GRANTS, End, Give
from rso_subscriptions.tables import FEED
from support.harness import START, Client, Harness

SPONSOR, OTHER, PLATFORM, PARTNER = "employer-a", "employer-b", "benefits", "health"
LIVES = 5000
META = Meta(actor=Actor(type="user", id="someone", role="operations", organisation_id="operator"), correlation_id="c")
ALL = Filter()


def opened(number: int | str, sponsor: str | None = SPONSOR, **more: Any) -> CaseSubmitted:
    """A case of a member of its own, sent by the partner."""
    return CaseSubmitted(
        case_id=f"case-{sponsor}-{number}", organisation_id="operator",
        program=ProgramRef(program_id="second-look", version=1), person_id=more.pop("person_id", f"person-{number}"),
        requester_relation=RequesterRelation.PARTNER, partner_organisation_id=more.pop("partner", PARTNER),
        sponsor_id=sponsor, client_reference=f"order-{number}", condition_group=ConditionGroup.HEART, country="US",
        state="MA", minor=False, language="en", priority=Priority.ROUTINE, question_ids=("q1",),
        coverage_route=more.pop("route", CoverageRoute.EMPLOYER_PER_CASE), owner="team:desk",
        reference_last_four="1234", submitted_at=more.pop("at", START),
        access=(AccessChange(role=Role.PARTNER, organisation_id=PARTNER),), **more,
    )  # fmt: skip


def entered(number: int | str, stage: Stage, sponsor: str | None = SPONSOR, at: Any = START) -> StageEntered:
    return StageEntered(case_id=f"case-{sponsor}-{number}", stage=stage, entered_at=at)


def known() -> list[FactModel]:
    """Two sponsors of whom one has stated its lives, a platform, a partner and a program of the first sponsor."""
    kinds = {SPONSOR: "sponsor", OTHER: "sponsor", PLATFORM: "platform", PARTNER: "partner"}
    registered = [OrganisationRegistered(organisation_id=id_, kind=kind, name=id_) for id_, kind in kinds.items()]
    mine = program(version=1).model_copy(update={"organisation_id": SPONSOR})
    return [
        *registered,
        ProgramPublished(program=mine),
        CoveredLivesStated(organisation_id=SPONSOR, covered_lives=LIVES),
    ]


def large(harness: Harness, sponsor: str = SPONSOR, cases: int = 11) -> None:
    """Enough cases that single ones are told of; none of them is, since the last one comes with the others' number."""
    harness.receive(
        *(opened(f"old{n}", sponsor, partner=None, at=START - timedelta(days=30)) for n in range(cases - 1))
    )


def start(folder: Any, **more: Any) -> Harness:
    harness = Harness(SPEC, folder, **more)
    harness.receive(*known())
    return harness


def grant(harness: Harness, sponsor: str = SPONSOR, *, level: str = "stage", **times: Any) -> str:
    """From now on, unless `effective_from` says another instant."""
    now = harness.clock.now()
    give = Give(
        grant_id=f"grant-{sponsor}-{level}-{now.timestamp()}", sponsor_id=sponsor, platform_id=PLATFORM,
        external_id=f"ext-{sponsor}", level=level, effective_from=times.get("effective_from", now),
        until=times.get("until"), now=now,
    )  # fmt: skip
    execute(harness, sponsor, give)
    return give.grant_id


def execute(harness: Harness, sponsor: str, command: Give | End) -> None:
    with harness.service.db.write() as tx:
        harness.service.store.execute(tx, GRANTS, stream_id("operator", "grant", sponsor), command, META)


def rows(harness: Harness, organisation: str) -> list[Any]:
    with harness.service.db.read() as tx:
        query = select(FEED).where(FEED.c.organisation_id == organisation).order_by(FEED.c.sequence)
        return list(tx.conn.execute(query).all())


def types(harness: Harness, organisation: str) -> list[str]:
    return [row.type for row in rows(harness, organisation)]


def read(harness: Harness, organisation: str, after: int = 0, wanted: Filter = ALL) -> list[feed.Item]:
    with harness.service.db.read() as tx:
        return list(feed.read(tx, organisation, after, 1000, wanted, harness.clock.now()))


def partner(harness: Harness) -> Client:
    return harness.client(Role.PARTNER, "desk", PARTNER)


def endpoint(harness: Harness, url: str, client: Client | None = None, **more: Any) -> str:
    """Registered from the beginning of the feed on."""
    body = {"url": url, "contact": "platform@example.org", "start": "beginning", "rate": 500, **more}
    answer = (client or partner(harness)).post("/v1/endpoints", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["endpoint_id"])
