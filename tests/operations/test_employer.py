"""What an employer is told: whole months that never change, totals for the small, and no small number anywhere."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from kit.rooms import BACKENDS

from operations.stored import kept_in
from operations.told import life, say
from rso_operations import employer, view_reports
from rso_operations.employer import TOTAL, month
from rso_shared.contracts.intake import CoveredLivesStated
from support.harness import START

MARCH = month("2026-03", START + timedelta(days=60))


@pytest.fixture(params=BACKENDS)
def operations(request, tmp_path):
    with kept_in(request.param, tmp_path) as harness:
        yield harness


def cases(operations, sponsor, **programs):
    """So many cases of each program in March."""
    for program, count in programs.items():
        for number in range(count):
            say(
                operations,
                *life(f"{sponsor}/{program}/{number}", hours=number % 5 + 2, program=program, sponsor=sponsor),
            )


def lives(operations, sponsor, number, at=START):
    say(operations, (at, CoveredLivesStated(organisation_id=sponsor, covered_lives=number)))


def told(operations, sponsor, of=MARCH):
    with operations.service.db.read() as tx:
        return {row[0]: row[1:] for row in employer.employer(tx, sponsor, of)}


def test_a_small_program_is_hidden_and_so_is_what_would_give_it_away(operations):
    lives(operations, "acme", 400)
    cases(operations, "acme", cancer=30, heart=3, spine=12)
    found = told(operations, "acme")
    assert found["cancer"] == (30, 30, 30)
    assert found["heart"] == ("<11",) * 3
    assert found["spine"] == ("withheld",) * 3
    assert found[TOTAL] == (45, 45, 45)


@pytest.mark.parametrize("known", [None, 49])
def test_with_few_lives_or_unknown_ones_there_are_totals_alone(operations, known):
    if known is not None:
        lives(operations, "tiny", known)
    cases(operations, "tiny", cancer=14, heart=14)
    assert told(operations, "tiny") == {TOTAL: (28, 28, 28)}


def test_with_few_cases_there_are_totals_alone(operations):
    lives(operations, "acme", 4000)
    cases(operations, "acme", cancer=9)
    assert told(operations, "acme") == {TOTAL: ("<11",) * 3}
    assert told(operations, "nobody") == {TOTAL: (0, 0, 0)}


def test_a_month_never_changes_once_it_is_told(operations):
    """Neither by what is recorded later nor by lives that are stated later."""
    lives(operations, "acme", 400)
    cases(operations, "acme", cancer=30)
    before = told(operations, "acme")
    late = datetime(2026, 5, 9, tzinfo=UTC)
    say(operations, *((late, fact) for _, fact in life("late", hours=2, program="cancer", sponsor="acme")))
    lives(operations, "acme", 10, late)
    assert told(operations, "acme") == before


def recorded_late(operations, program, at=datetime(2026, 5, 9, tzinfo=UTC)):
    """A case of March that intake recorded when March had been told."""
    say(operations, *((at, fact) for _, fact in life("late", hours=2, program=program, sponsor="acme")))


def test_a_program_that_is_recorded_later_is_no_row_of_the_month(operations):
    lives(operations, "acme", 400)
    cases(operations, "acme", cancer=30)
    before = told(operations, "acme")
    recorded_late(operations, "heart")
    assert told(operations, "acme") == before == {"cancer": (30, 30, 30), TOTAL: (30, 30, 30)}


def test_the_eleventh_case_that_is_recorded_later_opens_no_rows(operations):
    """Ten were too few when the month was told."""
    lives(operations, "acme", 400)
    cases(operations, "acme", cancer=10)
    recorded_late(operations, "cancer")
    assert told(operations, "acme") == {TOTAL: ("<11",) * 3}


def test_what_happened_to_a_case_is_not_told_before_the_case_was_known(operations):
    lives(operations, "acme", 400)
    cases(operations, "acme", cancer=30)
    before = told(operations, "acme")
    first, *others = life("late", hours=2, program="cancer", sponsor="acme")
    say(operations, *others, (datetime(2026, 5, 9, tzinfo=UTC), first[1]))
    assert told(operations, "acme") == before


@pytest.mark.parametrize(
    ("text", "now", "name"),
    [
        ("2026-03", "2026-04-02T00:00", "2026-03"),
        ("2026-03", "2026-04-01T23:59", "2026-02"),
        ("2026-03", "2026-03-20T00:00", "2026-02"),
        ("2025-12", "2026-03-20T00:00", "2025-12"),
        ("0001-01", "2026-03-20T00:00", "2026-02"),
        ("nonsense", "2026-01-02T00:00", "2025-12"),
        ("", "2026-01-01T00:00", "2025-11"),
    ],
)
def test_only_months_that_are_over_can_be_asked_for(text, now, name):
    assert month(text, datetime.fromisoformat(now).replace(tzinfo=UTC)).name == name


def test_months_do_not_overlap_and_leave_no_gap():
    later = START + timedelta(days=900)
    names = [f"{2026 + number // 12}-{number % 12 + 1:02}" for number in range(18)]
    months = [month(name, later) for name in names]
    assert [each.name for each in months] == names
    assert all(one.end == other.begin for one, other in itertools.pairwise(months))


def test_the_page_names_sponsor_and_month_and_escapes_them(operations):
    page = view_reports.employer([(TOTAL, "<11", "withheld", 40)], "<acme>", MARCH, "?sponsor=x")
    assert "Employer report: &lt;acme&gt;, March 2026" in page
    assert "<td class='num'>&lt;11</td>" in page
    assert "<acme>" not in page
