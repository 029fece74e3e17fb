"""The page that mails lead to."""

from rso_operations.app import SPEC
from support.harness import Harness


def test_it_shows_the_same_for_every_case_and_escapes_what_it_is_given(tmp_path):
    harness = Harness(SPEC, tmp_path)
    known, strange = harness.http.get("/c/9f0c"), harness.http.get("/c/%3Cscript%3E")
    assert known.status_code == strange.status_code == 200
    assert known.text.replace("9f0c", "") == strange.text.replace("&lt;script&gt;", "")
    assert "<script>" not in strange.text
    assert known.headers["cache-control"] == "no-store"
    harness.close()


def test_the_root_leads_to_the_staff_page(tmp_path):
    harness = Harness(SPEC, tmp_path)
    answer = harness.http.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/operations/")
    harness.close()
