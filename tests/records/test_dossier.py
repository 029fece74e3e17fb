"""Dossier: checklist, items, waivers, the accepted set; and every refusal."""

from datetime import date

import pytest

from records.builders import (
    ACCEPT_SET,
    CASE,
    CLERK,
    IMAGING,
    LAB,
    NOTE,
    NOW,
    NURSE,
    PATHOLOGY,
    START,
    accept,
    accepted,
    receive,
    received,
    reject,
    rejected,
    started,
    waive,
    waived,
)
from rso_records_compiler.domain import dossier_events as happened
from rso_records_compiler.domain.completeness import Item, ItemState, Line, lines, manifest
from rso_records_compiler.domain.dossier import DOSSIER, DossierState
from rso_records_compiler.domain.dossier_commands import CancelCompilation, OpenItem
from rso_records_compiler.domain.dossier_events import ChecklistLine
from support.deciding import given

CANCELLED = happened.CompilationCancelled(case_id=CASE)
BOTH = (received("d1"), received("d2", LAB), accepted("d1", PATHOLOGY), accepted("d2", LAB))


def set_accepted(documents=2, waivers=0, *history: object):
    state = given(DOSSIER, started(), *(history or BOTH)).state()
    return happened.RecordSetAccepted(
        case_id=CASE,
        documents=documents,
        waived=waivers,
        manifest_sha256=manifest(state.items, state.waived),
        accepted_by=CLERK,
        accepted_at=NOW,
    )


def test_the_checklist_is_fixed_once():
    given(DOSSIER).when(START).then(started())
    given(DOSSIER, started()).when(START).then()


def test_a_document_may_come_before_the_compilation():
    given(DOSSIER).when(receive("d1")).then(received("d1"))
    state = given(DOSSIER, received("d1"), started()).state()
    assert state.state is DossierState.COMPILING
    assert "d1" in state.items


def test_and_after_the_set_was_accepted():
    given(DOSSIER, started(), *BOTH, set_accepted()).when(receive("d3", NOTE)).then(received("d3", NOTE, late=True))


def test_the_same_document_is_taken_once():
    given(DOSSIER, received("d1")).when(receive("d1")).then()


def test_a_bundle_may_be_accepted_for_several_kinds():
    given(DOSSIER, received("d1")).when(accept("d1", PATHOLOGY, LAB, LAB)).then(accepted("d1", LAB, PATHOLOGY))


def test_the_same_verdict_is_absorbed_and_another_replaces_it():
    judged = (received("d1"), accepted("d1", PATHOLOGY))
    given(DOSSIER, *judged).when(accept("d1", PATHOLOGY)).then()
    given(DOSSIER, *judged).when(accept("d1", LAB)).then(accepted("d1", LAB))


def test_acceptance_is_refused():
    given(DOSSIER, received("d1")).when(accept("d1")).refused("kinds_missing")
    assert given(DOSSIER).when(accept("d9", LAB)).refused("document_unknown").status == 404
    given(DOSSIER, received("d1"), rejected("d1")).when(accept("d1", LAB)).refused("document_rejected")
    given(DOSSIER, started(), *BOTH, set_accepted()).when(accept("d1", LAB)).refused("record_set_already_accepted")


def test_rejection():
    given(DOSSIER, received("d1")).when(reject("d1")).then(rejected("d1"))
    given(DOSSIER, received("d1"), accepted("d1", LAB)).when(reject("d1")).then(rejected("d1"))
    given(DOSSIER, received("d1"), rejected("d1")).when(reject("d1")).refused("document_rejected")
    given(DOSSIER).when(reject("d1")).refused("document_unknown")


def test_what_the_accepted_set_rests_on_stays_and_late_ones_are_judged():
    history = (started(), *BOTH, set_accepted(), received("d3", NOTE, late=True))
    given(DOSSIER, *history).when(reject("d1")).refused("record_set_already_accepted")
    given(DOSSIER, *history).when(reject("d3")).then(rejected("d3"))
    given(DOSSIER, *history).when(accept("d3", NOTE)).then(accepted("d3", NOTE))


def test_a_waiver_is_a_clinicians_and_has_a_reason():
    given(DOSSIER, started()).when(waive(PATHOLOGY)).then(waived(PATHOLOGY))
    assert given(DOSSIER, started(), waived(PATHOLOGY)).state().waived == {PATHOLOGY: NURSE}


def test_a_waiver_is_refused():
    given(DOSSIER).when(waive(LAB)).refused("compilation_not_started")
    given(DOSSIER, started()).when(waive(NOTE)).refused("kind_not_on_checklist")
    given(DOSSIER, started(), waived(LAB)).when(waive(LAB)).refused("kind_already_waived")
    given(DOSSIER, started(), *BOTH, set_accepted()).when(waive(IMAGING)).refused("record_set_already_accepted")


def test_the_set_is_accepted_when_every_required_kind_is():
    given(DOSSIER, started(), *BOTH).when(ACCEPT_SET).then(set_accepted())


def test_or_waived():
    history = (received("d1"), accepted("d1", PATHOLOGY), waived(LAB))
    given(DOSSIER, started(), *history).when(ACCEPT_SET).then(set_accepted(1, 1, *history))


def test_one_bundle_may_be_all_of_it():
    history = (received("d1"), accepted("d1", LAB, PATHOLOGY))
    given(DOSSIER, started(), *history).when(ACCEPT_SET).then(set_accepted(1, 0, *history))


@pytest.mark.parametrize(
    ("history", "missing", "outdated"),
    [
        ((), ["pathology_report", "lab"], []),
        ((received("d1"), received("d2", LAB)), ["pathology_report", "lab"], []),
        ((received("d1"), accepted("d1", PATHOLOGY)), ["lab"], []),
        ((received("d1"), accepted("d1", LAB), rejected("d1"), waived(PATHOLOGY)), ["lab"], []),
        ((received("d1", LAB, "2025-10"), accepted("d1", LAB, PATHOLOGY)), [], ["lab"]),
    ],
)
def test_the_set_is_not_accepted_while_something_is_missing(history, missing, outdated):
    refusal = given(DOSSIER, started(), *history).when(ACCEPT_SET).refused("record_set_incomplete")
    assert refusal.facts == {"missing": missing, "outdated": outdated}


def test_the_set_is_accepted_once_and_not_before_there_is_a_checklist():
    given(DOSSIER, *BOTH).when(ACCEPT_SET).refused("compilation_not_started")
    given(DOSSIER, started(), *BOTH, set_accepted()).when(ACCEPT_SET).refused("record_set_already_accepted")


def test_a_withdrawn_case_takes_nothing_more():
    given(DOSSIER, started()).when(CancelCompilation(CASE)).then(CANCELLED)
    given(DOSSIER).when(CancelCompilation(CASE)).then(CANCELLED)
    given(DOSSIER, CANCELLED).when(CancelCompilation(CASE)).then()
    for command in (
        START,
        receive("d1"),
        accept("d1", LAB),
        reject("d1"),
        waive(LAB),
        ACCEPT_SET,
        OpenItem("d1", True),
    ):
        given(DOSSIER, received("d1"), CANCELLED).when(command).refused("compilation_cancelled")


def test_a_rejected_document_is_shown_only_to_those_who_judge():
    given(DOSSIER, received("d1")).when(OpenItem("d1", judging=False)).then()
    given(DOSSIER, received("d1"), rejected("d1")).when(OpenItem("d1", judging=True)).then()
    given(DOSSIER, received("d1"), rejected("d1")).when(OpenItem("d1", judging=False)).refused("document_rejected")
    given(DOSSIER).when(OpenItem("d1", judging=True)).refused("document_unknown")


def test_a_month_is_recent_while_its_last_day_is():
    wanted = (ChecklistLine(LAB, required=True, max_age_days=30),)

    def standing(month: str | None, on: date) -> Line:
        items = {"d1": Item(LAB, None, month, ItemState.ACCEPTED, (LAB,))}
        return lines(wanted, items, {}, on)[0]

    assert standing("2026-01", date(2026, 3, 2)).satisfied
    assert standing("2026-01", date(2026, 3, 3)).outdated
    assert standing(None, date(2030, 1, 1)).satisfied


def test_the_manifest_does_not_depend_on_the_order_of_arrival():
    one = given(DOSSIER, started(), *BOTH).state()
    other = given(
        DOSSIER, received("d2", LAB), received("d1"), started(), accepted("d2", LAB), accepted("d1", PATHOLOGY)
    ).state()
    assert manifest(one.items, one.waived) == manifest(other.items, other.waived)


def test_an_unknown_event_changes_nothing():
    before = given(DOSSIER, started(), *BOTH).state()
    assert DOSSIER.evolve(before, object()) == before
