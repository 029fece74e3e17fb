"""`rso load` as a person runs it, on one machine."""

import json
from pathlib import Path

import pytest
from e2e.onebox import copy, rso

from chaos.conftest import CASES


def test_a_load_says_what_it_runs_against_and_what_the_auditor_found(template: Path, tmp_path: Path) -> None:
    done = rso(copy(template, tmp_path / "load"), "load", "--cases", str(CASES), "--json")
    assert done.returncode == 0, done.stderr
    assert "one machine on" in done.stderr
    told = json.loads(done.stdout)
    assert {name: told[name] for name in ("target", "cases", "delivered", "failed", "kills", "points")} == {
        "target": "onebox", "cases": CASES, "delivered": CASES, "failed": 0, "kills": {}, "points": {},
    }  # fmt: skip
    assert {told[name] for name in ("lost", "duplicated", "stuck", "changed")} == {0}
    seen = told["deployment"]
    assert (seen["cases"], seen["delivered"], seen["charges"], seen["honoraria"]) == (CASES,) * 4
    assert (seen["trial_balance"], seen["findings"], told["failures"]) == ({"USD": 0}, [], [])
    assert min(seen["streams"], seen["events"], seen["records"], seen["consumed"], seen["mails"], seen["workflows"]) > 0
    assert told["cases_per_second"] == pytest.approx(CASES / told["seconds"], rel=0.1)
    assert 0 < told["case_seconds"]["median"] <= told["case_seconds"]["longest"] <= told["seconds"] + 0.1
    assert told["requests"] > told["sent_again"] >= 0
    assert told["seconds_in_all"] >= told["seconds"]
