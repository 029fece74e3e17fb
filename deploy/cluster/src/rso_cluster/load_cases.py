"""Made-up patients for a load: each case has a small bundle of its own, in another state. Pure: the same number, the same case."""

from typing import Any

from rso_onebox import made_cases
from rso_onebox.bundle import BundleCase, derive_case
from rso_onebox.bundle_condition import GroupOf
from rso_onebox.made_cases import STATES, MadePerson

BREAST_CANCER = ("254837009", "Malignant neoplasm of breast (disorder)")
_WHEN = "2026-03-02T09:00:00-05:00"


def made_case(number: int, group_of: GroupOf) -> BundleCase:
    return derive_case([bundle(number)], group_of)


def bundle(number: int) -> dict[str, Any]:
    place = number % len(STATES)
    return made_cases.bundle(MadePerson(number, "Load", STATES[place], f"Load Hospital {place}", BREAST_CANCER, _WHEN))
