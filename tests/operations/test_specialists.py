"""The list of specialists: what their facts say, sorted by what runs out, page by page; and a rebuild says the same."""

from datetime import date, timedelta

import pytest
from kit.rooms import BACKENDS

from operations.stored import kept_in
from operations.told import DAY, HOUR, say
from rso_operations import models, specialists, view_specialists
from rso_operations.specialists import HEAD, Sort, Wanted
from rso_shared.contracts import matching
from rso_shared.contracts.intake import ErasureApproved
from rso_shared.contracts.vocabulary import ErasureReason, OfferDeclineReason
from support.harness import START

TODAY = START.date()
NOW = START + 10 * DAY


@pytest.fixture(params=BACKENDS)
def operations(request, tmp_path):
    with kept_in(request.param, tmp_path) as harness:
        yield harness


def registered(name, capacity=3, taxonomy="207RX0202X"):
    return matching.SpecialistRegistered(specialist_id=name, taxonomy=(taxonomy,), capacity=capacity)


def licence(name, days, place="MA", number=1):
    return matching.LicenceRecorded(
        specialist_id=name, licence_id=f"{name} {place} {number}", country="US", state=place, valid_from=date(2020, 1, 1),
        valid_to=TODAY + timedelta(days=days),
    )  # fmt: skip


def verified(name, days):
    return matching.CredentialsVerified(specialist_id=name, verified_on=TODAY, valid_to=TODAY + timedelta(days=days))


def offered(name, number, at=START):
    about = {"case_id": f"case {number}", "offer_id": f"{name} {number}", "specialist_id": name}
    return about, matching.CaseOffered(**about, offered_at=at, expires_at=at + 12 * HOUR)


def accepted(operations, name, number, at=START, *, hours=None):
    """`hours` later the work is done."""
    about, offer = offered(name, number, at)
    assignment = {"case_id": about["case_id"], "assignment_id": f"assignment of {name} {number}", "specialist_id": name}
    say(
        operations,
        (at, offer),
        (at, matching.OfferAccepted(**about, assignment_id=assignment["assignment_id"], accepted_at=at)),
    )
    if hours is not None:
        say(operations, (at + hours * HOUR, matching.AssignmentCompleted(**assignment)))
    return assignment


def seen(operations, now=NOW, size=100, **wanted):
    """Of every page, one after the other."""
    found, place = [], None
    while True:
        with operations.service.db.read() as tx:
            page = specialists.page(tx, Wanted(**wanted), now, place, size)
        found += page.rows
        place = page.next
        if place is None:
            return found


def ids(operations, **wanted):
    return [row.specialist_id for row in seen(operations, **wanted)]


def test_load_and_answers(operations):
    operations.receive(registered("dr-one"))
    for number, hours in enumerate((None, 10, 20, 30)):
        accepted(operations, "dr-one", number, hours=hours)
    for number, answer in enumerate((
        matching.OfferLapsed, lambda **about: matching.OfferDeclined(**about, reason=OfferDeclineReason.NO_CAPACITY),
        matching.OfferWithdrawn, None,
    ), 10):  # fmt: skip
        about, offer = offered("dr-one", number)
        say(operations, (START, offer), *([(START + HOUR, answer(**about))] if answer else []))
    (row,) = seen(operations)
    assert (row.offered, row.active, row.capacity) == (1, 1, 3)
    answers = row.answers
    assert (answers.accepted, answers.declined, answers.lapsed, answers.offers) == (4, 1, 1, 6)
    assert (answers.completed, answers.p50, answers.p90) == (3, 20 * HOUR, 30 * HOUR)


def test_rates_are_of_the_window(operations):
    operations.receive(registered("dr-one"))
    accepted(operations, "dr-one", 1, START - 60 * DAY, hours=5)
    accepted(operations, "dr-one", 2, START)
    assert seen(operations, window="30")[0].answers.accepted == 1
    assert seen(operations, window="90")[0].answers.accepted == 2
    assert seen(operations, window="30")[0].answers.completed == 0


def test_a_released_assignment_was_accepted_and_is_no_load(operations):
    operations.receive(registered("dr-one"))
    assignment = accepted(operations, "dr-one", 1)
    operations.receive(matching.AssignmentReleased(**assignment, reason="specialist_unavailable"))
    (row,) = seen(operations)
    assert (row.active, row.answers.accepted, row.answers.completed) == (0, 1, 0)


def test_capacity_as_it_was_stated_last(operations):
    told = matching.SpecialistRegistered(specialist_id="older", taxonomy=("x",))
    operations.receive(registered("dr-one"), told, matching.CapacityChanged(specialist_id="dr-one", capacity=0))
    assert {row.specialist_id: row.capacity for row in seen(operations)} == {"dr-one": 0, "older": None}
    page = view_specialists.page(specialists.Page(tuple(seen(operations)), None), Wanted(), NOW, None)
    assert "0 of 0 <mark>paused</mark>" in page
    assert "capacity not told" in page


def test_what_runs_out_comes_first(operations):
    operations.receive(
        registered("late"), licence("late", 400), registered("soon"), licence("soon", 50), verified("soon", 900),
        registered("stale"), licence("stale", 500), verified("stale", 20), registered("out"), licence("out", 3),
        registered("long ago"), licence("long ago", -90), licence("long ago", 600, "NY"),
    )  # fmt: skip
    assert ids(operations) == ["out", "stale", "soon", "late", "long ago"]
    assert ids(operations, ends="soon") == ["out", "stale", "soon"]
    ends = {row.specialist_id: row.ends for row in seen(operations)}
    assert ends["out"] == (("US-MA", TODAY + timedelta(days=3)),)
    assert ends["stale"] == (("credentials", TODAY + timedelta(days=20)),)
    assert ends["late"] == ends["long ago"] == ()


def test_a_renewed_licence_runs_out_no_more_and_one_that_was_taken_back_does(operations):
    operations.receive(registered("dr-one"), licence("dr-one", 20), licence("dr-one", 800, number=2))
    assert seen(operations)[0].ends == ()
    ended = matching.LicenceEnded(specialist_id="dr-one", licence_id="dr-one MA 2", last_day=TODAY + timedelta(days=5))
    operations.receive(ended)
    (row,) = seen(operations)
    assert row.ends == (("US-MA", TODAY + timedelta(days=20)),)
    assert row.places == ("US-MA",)


def test_filters_and_orders(operations):
    operations.receive(
        registered("a", 1), licence("a", 400), registered("b", 5, "2085R0202X"), licence("b", 400, "NY"),
        registered("c", 5), licence("c", -1),
    )  # fmt: skip
    accepted(operations, "a", 1)
    accepted(operations, "b", 2)
    accepted(operations, "b", 3)
    assert ids(operations, place="us-ma") == ["a"]
    assert ids(operations, taxonomy="2085R0202X") == ["b"]
    assert ids(operations, load="full") == ["a"]
    assert ids(operations, load="free") == ["c", "b"]
    assert ids(operations, q="c") == ["c"]
    assert ids(operations, sort="load") == ["b", "a", "c"]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("size", [1, 3, 7])
def test_pages_of_any_size_show_each_once_and_in_order(operations, sort, size):
    for number in range(9):
        name = f"dr-{number}"
        operations.receive(registered(name), licence(name, 10 * (number % 3) + 5), verified(name, 20 + number % 2))
        for case in range(number % 4):
            accepted(operations, name, f"{number}-{case}")
    everyone = ids(operations, sort=sort.value)
    assert len(set(everyone)) == 9
    assert ids(operations, sort=sort.value, size=size) == everyone


def test_an_erased_specialist_leaves_the_list(operations):
    operations.receive(registered("dr-one"), licence("dr-one", 20), registered("dr-two"))
    erased = ErasureApproved(
        person_id="dr-one", erasure_id="e", reason=ErasureReason.RETENTION_ENDED, approved_at=START
    )
    operations.receive(erased)
    assert ids(operations) == ["dr-two"]


def test_a_rebuild_says_the_same(operations):
    operations.receive(registered("a"), licence("a", 20), verified("a", 30), registered("b"))
    operations.receive(matching.CapacityChanged(specialist_id="b", capacity=7))
    for number, hours in enumerate((None, 10, 20)):
        accepted(operations, "a", number, hours=hours)
    before = seen(operations)
    with operations.service.db.write() as tx:
        assert models.rebuild(tx)["specialists"] == 2
    assert seen(operations) == before


def test_the_page_says_it_in_words(operations):
    operations.receive(registered("<dr>", 1), licence("<dr>", 15), verified("<dr>", -1))
    accepted(operations, "<dr>", 1, hours=5)
    accepted(operations, "<dr>", 2)
    page = view_specialists.page(specialists.Page(tuple(seen(operations)), None), Wanted(), START + 12 * DAY, None)
    for said in (
        "1 of 1 <mark>at capacity</mark>", "100% <small>2 of 2</small>", "5 h 0 min, 5 h 0 min <small>of 1</small>",
        "credentials ran out", "in 3 days", "last 90 days", "<th scope='col'>", "<caption>",
    ):  # fmt: skip
        assert said in page
    assert "<dr>" not in page
    assert "No specialist is registered" in view_specialists.page(specialists.Page((), None), Wanted(), NOW, None)


def test_an_address_says_what_was_asked_for_and_what_is_unknown_is_left_out():
    wanted = Wanted.of({"place": "US-MA", "window": "7", "sort": "age", "load": "full", "ends": "x", "color": "red"})
    assert wanted == Wanted(place="US-MA", load="full")
    assert wanted.address() == "?place=US-MA&load=full"
    assert "<nonsense>" not in view_specialists.form(Wanted.of({"q": "<nonsense>"}))


def test_csv(operations):
    operations.receive(registered("=dr", 2), licence("=dr", 15))
    accepted(operations, "=dr", 1, hours=5)
    head, line = specialists.csv_lines(iter(seen(operations)), head=True).splitlines()
    assert head.split(",") == list(HEAD)
    assert line == "'=dr,207RX0202X,0,0,2,1,1,0,0,1,18000,18000,US-MA,US-MA:2026-03-17"
