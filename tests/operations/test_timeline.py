"""Every fact of every service in one list, as of any instant, for whoever may see the case."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operations.cases import CASE, submitted
from rso_operations.app import SPEC
from rso_operations.sentences import SENTENCES, sentence
from rso_shared.contracts.billing import FeeQuoted, HonorariumAccrued
from rso_shared.contracts.coordinator import PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import LocalProviderJoined, OwnerAssigned, TermsAccepted
from rso_shared.contracts.opinions import OpinionSigned
from rso_shared.contracts.permissions import MATRIX, Reach
from rso_shared.contracts.registry import FACTS
from rso_shared.contracts.vocabulary import CoverageRoute, Effect, Role, Stage
from rso_shared.kit import facts, service
from support.harness import START, Harness

PATH = f"/v1/cases/{CASE}/timeline"
HOUR = timedelta(hours=1)
WAITING = WaitingOn(party="patient", what="authorization", since=START, how_to_act="/v1/cases/x/authorizations")
SIGNED = OpinionSigned(
    case_id=CASE,
    opinion_version=2,
    specialist_id="spec-1",
    content_sha256="00",
    diagnosis_effect=Effect.CHANGED,
    treatment_effect=Effect.CONFIRMED,
    signed_at=START,
)
ACCRUED = HonorariumAccrued(
    case_id=CASE, honorarium_id="h", specialist_id="spec-1", amount_minor=50_000, currency="USD"
)


@pytest.fixture
def operations(tmp_path):
    harness = Harness(SPEC, tmp_path)
    yield harness
    harness.close()


def timeline(operations, role=Role.OPERATIONS, subject="someone", **params: str):
    answer = operations.client(role, subject).get(PATH, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def entered(stage, at=START):
    return StageEntered(case_id=CASE, stage=stage, entered_at=at)


def told(operations):
    """A case over three hours: one step an hour."""
    steps = (
        (submitted(), LocalProviderJoined(case_id=CASE)),
        (entered(Stage.AWAITING_AUTHORIZATION, START + HOUR), WaitingChanged(case_id=CASE, waiting_on=(WAITING,))),
        (
            entered(Stage.COMPILING_RECORDS, START + 2 * HOUR),
            WaitingChanged(case_id=CASE, waiting_on=()),
            PromiseChanged(case_id=CASE, promised_by=START + 100 * HOUR),
        ),
    )
    for number, step in enumerate(steps):
        operations.clock.set(START + number * HOUR)
        operations.receive(*step)


@pytest.mark.parametrize("reference", [None, "order-17"])
def test_the_header_has_the_partners_own_reference(operations, reference):
    operations.receive(submitted().model_copy(update={"client_reference": reference}))
    assert timeline(operations)["client_reference"] == reference


def test_all_facts_in_order_with_a_sentence_each(operations):
    told(operations)
    answer = timeline(operations)
    assert [(one["service"], one["type"]) for one in answer["facts"]] == [
        ("intake", "case_submitted"),
        ("intake", "local_provider_joined"),
        ("coordinator", "stage_entered"),
        ("coordinator", "waiting_changed"),
        ("coordinator", "stage_entered"),
        ("coordinator", "waiting_changed"),
        ("coordinator", "promise_changed"),
    ]
    assert [one["text"] for one in answer["facts"]][2:4] == [
        "Stage: awaiting authorization",
        "Waiting for patient (authorization)",
    ]
    assert (answer["stage"], answer["waiting_on"], answer["reference_last_four"]) == ("compiling_records", [], "4417")


def test_as_of_shows_stage_and_waiting_at_that_instant(operations):
    told(operations)
    then = timeline(operations, as_of="2026-03-02T16:30:00Z")
    assert (then["stage"], then["stage_since"][:16]) == ("awaiting_authorization", "2026-03-02T16:00")
    assert [one["party"] for one in then["waiting_on"]] == ["patient"]
    assert (len(then["facts"]), then["promised_by"]) == (4, None)
    before = timeline(operations, as_of="2026-03-02T14:00:00Z")
    assert (before["stage"], before["facts"], before["reference_last_four"]) == ("submitted", [], None)


def test_order_is_the_producers_time_then_arrival(operations):
    operations.receive(submitted())
    operations.clock.set(START + HOUR)
    operations.receive(entered(Stage.SCREENING))
    operations.clock.set(START - HOUR)
    operations.receive(TermsAccepted(case_id=CASE, terms_version="1", role=Role.PATIENT))
    types = [one["type"] for one in timeline(operations)["facts"]]
    assert types == ["terms_accepted", "case_submitted", "stage_entered"]


def test_a_party_does_not_see_what_the_opinion_says_or_what_the_specialist_gets(operations):
    operations.receive(submitted(), SIGNED, ACCRUED)
    staff, patient = timeline(operations), timeline(operations, Role.PATIENT, "patient-sub-1")
    assert [one["type"] for one in staff["facts"]] == ["case_submitted", "opinion_signed", "honorarium_accrued"]
    assert [one["type"] for one in patient["facts"]] == ["case_submitted", "opinion_signed"]
    assert staff["facts"][1]["data"]["diagnosis_effect"] == "changed"
    assert "changed" not in str(patient["facts"][1])


def test_sign_in_names_of_parties_stay_inside(operations):
    operations.receive(submitted())
    assert "patient-sub-1" not in operations.client(Role.OPERATIONS).get(PATH).text


PAYING = {Role.FINANCE, Role.OPERATIONS}


@pytest.mark.parametrize("role", [role for role, reach in MATRIX["timeline.read"].items() if reach is Reach.ANY])
def test_what_the_specialist_gets_is_for_those_who_deal_with_it(operations, role):
    operations.receive(submitted(), SIGNED, ACCRUED)
    types = [one["type"] for one in timeline(operations, role)["facts"]]
    assert types == ["case_submitted", "opinion_signed", *(["honorarium_accrued"] if role in PAYING else [])]


@pytest.mark.parametrize(
    ("role", "subject", "status", "code"),
    [
        (Role.PATIENT, "another", 404, "case_unknown"),
        (Role.PARTNER, "someone", 404, "case_unknown"),
        (Role.SPECIALIST, "someone", 403, "forbidden"),
    ],
)
def test_who_may_not(operations, role, subject, status, code):
    operations.receive(submitted())
    answer = operations.client(role, subject).get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_wrong_instants_are_refused(operations):
    operations.receive(submitted())
    answer = operations.client(Role.OPERATIONS).get(PATH, as_of="2026-03-02T16:30:00")
    assert (answer.status_code, answer.json()["code"]) == (422, "as_of_invalid")


def test_every_fact_has_a_sentence_and_every_sentence_a_fact():
    named = {f"{service}.{name}" for service, names in SENTENCES.items() for name in names}
    assert named == {model.TYPE for model in FACTS.values() if model.__module__.startswith("rso_shared.contracts")}


def test_sentences_speak_of_money_and_yes_or_no():
    fee = FeeQuoted(case_id=CASE, charge_id="c", route=CoverageRoute.SELF_PAY, amount_minor=123_405, currency="USD")
    assert sentence(fee) == "Fee quoted: 1,234.05 USD, self pay"
    yen = fee.model_copy(update={"currency": "JPY"})
    assert sentence(yen) == "Fee quoted: 123,405 JPY, self pay"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.integers(min_value=0, max_value=3), min_size=1, max_size=12), data=st.data())
def test_as_of_is_a_prefix_at_any_point(tmp_path_factory, steps, data):
    harness = Harness(SPEC, tmp_path_factory.mktemp("operations"))
    try:
        harness.receive(submitted())
        at = START
        for number, gap in enumerate(steps):
            at += gap * HOUR
            harness.clock.set(at)
            harness.receive(OwnerAssigned(case_id=CASE, owner=f"user:{number}"))
        instant = START + data.draw(st.integers(min_value=-1, max_value=40)) * HOUR
        whole, part = timeline(harness), timeline(harness, as_of=instant.isoformat())
        assert part["facts"] == [one for one in whole["facts"] if one["at"] <= instant.isoformat()[:19] + "Z"]
        assert part["facts"] == whole["facts"][: len(part["facts"])]
    finally:
        harness.close()


def test_every_fact_of_every_topic_is_kept_once(operations):
    record = operations.record(submitted())
    consumer = service.consumer(operations.service)
    consumer.process([record])
    consumer.process([record])
    with operations.service.db.read() as tx:
        assert len(facts.all_of(tx, CASE)) == 1
