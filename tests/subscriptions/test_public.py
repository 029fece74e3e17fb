"""What leaves: every shape is closed and shown, and what is added to an internal fact changes nothing of it."""

import json
from pathlib import Path

import pytest
from contracts import golden
from jsonschema import Draft202012Validator

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.coordinator import StageEntered, WaitingChanged
from rso_shared.contracts.intake import CaseSubmitted
from rso_shared.contracts.vocabulary import Stage
from rso_subscriptions.public import examples
from rso_subscriptions.public.events import ENDED, MAX_BYTES, SHAPES, Level, PublicType, Sponsor
from rso_subscriptions.public.mapping import HEARD, Envelope, for_partner, for_sponsor, happening

FOLDER = Path(__file__).parent / "golden"
SHOWN = examples.examples()
AROUND = Envelope("event-1", 7, "somebody", livemode=True)
SPONSORED = Envelope("event-1", 7, "somebody", livemode=True, sponsor=Sponsor(sponsor_id="s", external_id="e"))


def public_of(fact: FactModel) -> dict[str, object]:
    """What each side hears of a fact; None where it hears nothing."""
    told = happening(fact, examples.AT)
    if told is None:
        return {"partner": None, "stage": None}
    partner = for_partner(told, examples.OPENED, AROUND)
    sponsor = (
        for_sponsor(told, examples.CASE_KEY, examples.MEMBER_KEY, SPONSORED) if told.of_sponsor is not None else None
    )
    return {
        "partner": json.loads(partner.model_dump_json()),
        "stage": json.loads(sponsor.model_dump_json()) if sponsor else None,
    }


def test_there_are_at_most_twelve_types_and_each_has_a_shape_and_an_example():
    assert len(PublicType) <= 12
    assert {type_ for type_, _ in SHAPES} == set(PublicType)
    assert SHOWN.keys() == SHAPES.keys()


@pytest.mark.parametrize("key", SHAPES, ids=str)
def test_shapes_are_closed_all_the_way_down_and_their_examples_fit(key):
    schema = SHAPES[key].model_json_schema()
    objects = [schema, *schema.get("$defs", {}).values()]
    assert all(each["additionalProperties"] is False for each in objects if each.get("type") == "object")
    shown = json.loads(SHOWN[key].model_dump_json())
    Draft202012Validator(schema).validate(shown)
    for place in (shown, shown["data"]):
        place["added"] = 1
        assert not Draft202012Validator(schema).is_valid(shown)
        del place["added"]
    assert len(SHOWN[key].model_dump_json()) < MAX_BYTES


def variants(model: type[FactModel], **more: object) -> dict[str, object]:
    """Public payloads of the golden fact; of a stage that is entered, for every stage."""
    fact = {**json.loads(golden.path_of(model.fact_type()).read_text()), **more}
    if not issubclass(model, StageEntered):
        return {"": public_of(model.model_validate(fact))}
    return {stage.value: public_of(model.model_validate({**fact, "stage": stage})) for stage in Stage}


def kept(model: type[FactModel]) -> dict[str, object]:
    return json.loads((FOLDER / f"{model.TYPE}.json").read_text())


@pytest.mark.parametrize("model", HEARD, ids=lambda model: model.TYPE)
def test_public_payloads_are_as_they_were_first_published(model):
    """`python tests/subscriptions/remake.py` writes the files of `golden/` that are missing, and touches no other."""
    assert variants(model) == kept(model)


@pytest.mark.parametrize("model", HEARD, ids=lambda model: model.TYPE)
def test_what_is_added_to_an_internal_fact_reaches_nobody(model):
    class Grown(model):
        diagnosis: str
        patient_name: str

    assert variants(Grown, diagnosis="C50", patient_name="Ada Quill") == kept(model)


def test_a_sponsor_cannot_tell_one_ending_from_another():
    def heard(stage):
        return public_of(StageEntered(case_id=examples.CASE, stage=stage, entered_at=examples.AT))["stage"]

    endings = [heard(stage) for stage in ENDED]
    assert endings[0]["type"] == "case.ended"
    assert all(each == endings[0] for each in endings)


def test_at_level_stage_every_instant_is_a_day():
    for stage in Stage:
        heard = public_of(StageEntered(case_id=examples.CASE, stage=stage, entered_at=examples.AT))["stage"]
        assert "15:04" not in json.dumps(heard)


def test_words_that_tell_of_a_person_or_an_illness_stand_in_no_shape():
    refused = (
        "name",
        "birth",
        "condition",
        "diagnos",
        "specialt",
        "specialist",
        "document",
        "program",
        "state",
        "reason",
    )
    allowed = {"reason"}  # of a paused endpoint
    for (_, level), shape in SHAPES.items():
        schema = shape.model_json_schema()
        names = {name for each in (schema, *schema.get("$defs", {}).values()) for name in each.get("properties", {})}
        found = {name for name in names for word in refused if word in name}
        assert found <= (allowed if level is None else set())


def test_however_long_the_list_of_obligations_an_event_stays_small():
    long = WaitingChanged(case_id=examples.CASE, waiting_on=(examples.WAITED,) * 500)
    told = happening(long, examples.AT)
    event = for_partner(told, examples.OPENED, AROUND)
    assert event.data.more == 480
    assert len(event.model_dump_json()) < MAX_BYTES


def test_the_partners_own_reference_comes_back():
    case = examples.OPENED.model_copy(update={"client_reference": None})
    assert isinstance(case, CaseSubmitted)
    told = happening(case, examples.AT)
    assert for_partner(told, case, AROUND).data.client_reference is None
    assert for_partner(told, examples.OPENED, AROUND).data.client_reference == "ORDER-1017"
    assert SHOWN[PublicType.CASE_OPENED, Level.STAGE].sponsor.external_id == "EMP-0042"
