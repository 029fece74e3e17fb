"""Periods as addresses say them, and quantiles that are values which occurred."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rso_operations.reporting import Asked, Taken, effects, quantile
from rso_operations.sheets import sheet
from support.harness import START

TODAY = START.date()


@given(st.lists(st.integers(0, 10**9), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_occurred_and_is_the_smallest_that_the_share_does_not_exceed(values, share):
    found = quantile(sorted(values), share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    assert sum(value < found for value in values) < share * len(values) + 1e-6


def test_of_nothing_there_is_no_quantile_and_no_share():
    assert Taken([], []).row() == (0, None, None, 0, None)
    assert Taken([30, 10, 20], [True, False]).row() == (3, 20, 30, 2, 0.5)
    assert effects([]) == (0, 0, 0, 0, 0)
    assert effects(["changed", "confirmed", "changed"]) == (1, 0, 2, 0, 3)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({}, Asked(date(2026, 3, 1), TODAY, TODAY)),
        ({"from": "2026-01-05", "to": "2026-01-31"}, Asked(date(2026, 1, 5), date(2026, 1, 31), TODAY)),
        ({"as_of": "2026-02-10"}, Asked(date(2026, 2, 1), date(2026, 2, 10), date(2026, 2, 10))),
        ({"as_of": "2030-01-01", "to": "2031-01-01"}, Asked(date(2026, 3, 1), TODAY, TODAY)),
        ({"from": "2026-03-02", "to": "2026-01-31"}, Asked(date(2026, 1, 31), date(2026, 1, 31), TODAY)),
        ({"from": "nonsense", "to": "0", "as_of": "\x00", "color": "red"}, Asked(date(2026, 3, 1), TODAY, TODAY)),
        ({"program": " direct "}, Asked(date(2026, 3, 1), TODAY, TODAY, "direct")),
    ],
)
def test_an_address_asks_for_days(query, asked):
    assert Asked.of(query, START) == asked


def test_both_ends_belong_to_the_period_and_the_address_leads_back():
    asked = Asked.of({"from": "2026-01-05", "to": "2026-01-05", "as_of": "2026-02-01", "program": "a b"}, START)
    assert asked.end - asked.begin == timedelta(days=1)
    assert asked.address() == "?from=2026-01-05&to=2026-01-05&as_of=2026-02-01&program=a+b"


def test_a_spreadsheet_runs_nothing_and_counts_with_numbers():
    assert sheet([["=1+1", -500, None, "@x", 0.5]]) == "'=1+1,-500,,'@x,0.5\r\n"
