import pytest
from hypothesis import given
from hypothesis import strategies as st

from rso_intake.domain.reference import luhn_digit, normalised, reference_number

DIGITS = st.text(alphabet="0123456789", min_size=10, max_size=10)


def test_the_published_example():
    assert luhn_digit("7992739871") == "3"


@given(DIGITS)
def test_a_number_reads_back_however_it_is_spaced(digits):
    number = reference_number(digits)
    assert normalised(number) == number
    assert normalised(f" {number[:4]} {number[4:8]}-{number[8:]} ") == number


@given(DIGITS, st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(digits, place, shift):
    number = reference_number(digits)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert normalised(wrong) is None


@pytest.mark.parametrize(
    "text",
    ["", "123", "0123456789a", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff17", "012345678970"],
)
def test_what_cannot_be_a_number_is_none(text):
    assert normalised(text) is None
