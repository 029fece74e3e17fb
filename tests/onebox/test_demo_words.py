"""What the demo prints: the right number of everything, and money as money."""

from pathlib import Path
from typing import Any

import pytest
from onebox.bundles import ALLENA, case_of

from rso_onebox.demo_people import Cast
from rso_onebox.demo_story import Story, differences
from rso_onebox.verify import Report
from rso_shared.kit.auth import Issuer, make_private_pem


class Answering:
    """A caller whose every answer is known."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def get(self, path: str) -> Any:
        return self._answers[path.rpartition("/")[2].replace("-", "_")]

    def post(self, path: str, _body: object = None) -> Any:
        return self._answers.get(path.rpartition("/")[2].replace("-", "_"))


class Played(Cast):
    answering = Answering(
        checklist={"lines": [{"required": True, "satisfied": False, "kind": "imaging_study"}]},
        record_set={"documents": 1, "waived": 1},
    )
    nurse = records = answering  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("by_currency", "said"),
    [({"USD": 0}, "0.00 USD"), ({"USD": 0, "JPY": -12}, "0.00 USD, -12 JPY"), ({}, "empty")],
)
def test_the_trial_balance_is_an_amount(by_currency: dict[str, int], said: str) -> None:
    assert differences(by_currency) == said


def test_one_document_and_one_kind(tmp_path: Path) -> None:
    steps: list[str] = []
    cast = Played(str(tmp_path), Issuer(make_private_pem(), "test"))
    story = Story(cast, case_of(ALLENA), {}, lambda _who, what: steps.append(what))
    story._complete()
    assert steps == ["accepted the record set: 1 document, 1 kind waived by the nurse"]


def test_what_was_verified_is_counted_like_everything_else() -> None:
    one = Report(events=1, streams=1, facts=1, looks=1, cases=1)
    assert one.line() == "1 event in 1 stream, 1 fact, 1 case, 1 entry of access logs"
    assert Report().line() == "0 events in 0 streams, 0 facts, 0 cases, 0 entries of access logs"
