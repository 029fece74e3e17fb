"""As-of is a prefix, at random points of random lives: of a record request, a dossier, a summary, a matching, an opinion, a charge."""

from typing import Any

import pytest
from billing.test_properties import CHARGE_COMMANDS, HONORARIUM_COMMANDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matching.builders import inputs
from matching.test_properties import IDS
from matching.test_properties import commands as matching_commands
from opinions.test_properties import onwards
from records.test_properties import dossier_commands, request_commands, summary_commands

from rso_billing.domain.charge import CHARGE
from rso_billing.domain.honorarium import HONORARIUM
from rso_matching.domain.case_matching import CASE_MATCHING
from rso_matching.domain.matching_commands import StartMatching
from rso_opinions.domain.opinion import OPINION
from rso_records_compiler.domain.dossier import DOSSIER
from rso_records_compiler.domain.request import REQUEST
from rso_records_compiler.domain.summary import SUMMARY
from rso_shared.contracts.vocabulary import ReleasePolicy
from rso_shared.kit.decider import Decider
from rso_shared.kit.names import BILLING, MATCHING, OPINIONS, RECORDS, ServiceName
from support import past

STARTED = StartMatching(round=1, inputs=inputs(*IDS))
LIVES: dict[str, tuple[ServiceName, Decider[Any, Any, Any], st.SearchStrategy[list[Any]]]] = {
    "record request": (RECORDS, REQUEST, request_commands),
    "dossier": (RECORDS, DOSSIER, dossier_commands),
    "summary": (RECORDS, SUMMARY, summary_commands),
    "matching": (MATCHING, CASE_MATCHING, st.lists(matching_commands, max_size=15).map(lambda more: [STARTED, *more])),
    "opinion": (OPINIONS, OPINION, onwards(ReleasePolicy.PATIENT_AND_PROVIDER)),
    "charge": (BILLING, CHARGE, st.lists(CHARGE_COMMANDS, max_size=10)),
    "honorarium": (BILLING, HONORARIUM, st.lists(HONORARIUM_COMMANDS, max_size=6)),
}


@pytest.mark.parametrize("life", LIVES)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.data(),
    steps=st.lists(st.integers(-50, 100), min_size=1, max_size=6),
    points=st.lists(st.integers(-700, 1500), min_size=1, max_size=12),
)
def test_as_of_is_a_prefix(life: str, data: st.DataObject, steps: list[int], points: list[int]) -> None:
    service, decider, commands = LIVES[life]
    past.is_a_prefix(service, decider, data.draw(commands), steps, points)
