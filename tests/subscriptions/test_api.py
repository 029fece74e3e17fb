"""Endpoints, grants and the feed over HTTP: who may, what is refused, and how it is said."""

import json
from datetime import timedelta

import pytest

from rso_shared.contracts.vocabulary import Role, Stage
from rso_subscriptions.public.events import PublicType
from subscriptions.scene import OTHER, PARTNER, PLATFORM, SPONSOR, endpoint, entered, grant, large, opened, partner
from support.harness import START

BODY = {"url": "https://hooks.example.org/rso", "contact": "platform@example.org"}


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()


def test_an_endpoint_is_registered_read_changed_and_removed(subs):
    desk = partner(subs)
    id_ = endpoint(subs, "https://hooks.example.org/rso")
    shown = desk.get(f"/v1/endpoints/{id_}").json()
    assert (shown["status"], shown["organisation_id"], shown["delivering"]["cursor"]) == ("active", PARTNER, 0)
    changed = desk.post(f"/v1/endpoints/{id_}/changes", {"url": "https://hooks.example.org/new", "types": ["case.*"]})
    assert changed.status_code == 200
    assert desk.get(f"/v1/endpoints/{id_}").json()["types"] == ["case.*"]
    assert desk.get("/v1/endpoints").json()["items"][0]["url"].endswith("/new")
    assert desk.post(f"/v1/endpoints/{id_}/removal").json()["status"] == "removed"
    refused(desk.get(f"/v1/endpoints/{id_}"), 404, "endpoint_unknown")
    refused(desk.post(f"/v1/endpoints/{id_}/tests"), 404, "endpoint_unknown")


def test_the_same_url_twice_is_refused_with_the_endpoint_there_is(subs):
    desk = partner(subs)
    id_ = endpoint(subs, BODY["url"])
    assert refused(desk.post("/v1/endpoints", BODY), 409, "endpoint_exists")["endpoint_id"] == id_
    assert desk.post("/v1/endpoints", BODY, key="one").status_code == 409
    assert subs.client(Role.SPONSOR, "hr", SPONSOR).post("/v1/endpoints", BODY).status_code == 201, "another's own"
    desk.post(f"/v1/endpoints/{id_}/removal")
    assert desk.post("/v1/endpoints", BODY).status_code == 201


def test_a_hundred_identical_registrations_are_one_endpoint(subs):
    desk = partner(subs)
    answers = [desk.post("/v1/endpoints", BODY, key="the-same") for _ in range(100)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["endpoint_id"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ({"types": ["case.*", "case.opend"]}, "event_type_unknown", "/types/1"),
        ({"types": ["cases.*"]}, "event_type_unknown", "/types/0"),
        ({"programs": ["second-look", "third-look"]}, "program_unknown", "/programs/1"),
        ({"sponsors": ["employer-z"]}, "sponsor_unknown", "/sponsors/0"),
    ],
)
def test_a_filter_that_names_what_is_not_there_is_refused_and_the_name_said(subs, more, code, pointer):
    told = refused(partner(subs).post("/v1/endpoints", {**BODY, **more}), 422, code)
    assert told["errors"][0]["pointer"] == pointer
    assert told["unknown"] == next(iter(more.values()))[-1]


def test_a_sponsor_may_tell_its_own_programs_apart_and_no_others(subs):
    """The names of others' programs may speak of an illness."""
    sponsor, other = (subs.client(Role.SPONSOR, "hr", id_) for id_ in (SPONSOR, OTHER))
    assert sponsor.post("/v1/endpoints", {**BODY, "programs": ["second-look"]}).status_code == 201
    refused(other.post("/v1/endpoints", {**BODY, "programs": ["second-look"]}), 422, "program_unknown")
    platform = subs.client(Role.PLATFORM, "engineer", PLATFORM)
    refused(platform.post("/v1/endpoints", {**BODY, "sponsors": [SPONSOR]}), 422, "sponsor_unknown")
    grant(subs)
    assert platform.post("/v1/endpoints", {**BODY, "sponsors": [SPONSOR]}).status_code == 201


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://10.1.2.3/hook", "url_private"),
        ("https://169.254.169.254/latest", "url_private"),
        ("https://[::1]/hook", None),
        ("https://[fd00::1]/hook", "url_private"),
        ("https://[::ffff:10.0.0.1]/hook", "url_private"),
        ("https://user:password@hooks.example.org/", "url_invalid"),
        ("https://hooks.example.org:0/", "url_invalid"),
        ("https://hooks.example.org:99999/", "url_invalid"),
        ("https:///nowhere", "url_invalid"),
        ("ftp://hooks.example.org/", "validation_failed"),
    ],
)
def test_urls_that_lead_inside_or_nowhere_are_refused(subs, url, code):
    answer = partner(subs).post("/v1/endpoints", {**BODY, "url": url})
    if code is None:
        code = "url_private"
    refused(answer, 422, code)


def test_nobody_sees_or_touches_anothers_endpoint(subs):
    id_ = endpoint(subs, BODY["url"])
    stranger = subs.client(Role.SPONSOR, "hr", SPONSOR)
    for path in ("", "/secret", "/attempts", "/queue"):
        refused(stranger.get(f"/v1/endpoints/{id_}{path}"), 404, "endpoint_unknown")
    for path in ("/pause", "/resumption", "/removal", "/tests", "/secret-rotations"):
        refused(stranger.post(f"/v1/endpoints/{id_}{path}"), 404, "endpoint_unknown")
    refused(stranger.post("/v1/endpoints", {**BODY, "organisation_id": PARTNER}), 403, "organisation_foreign")
    refused(stranger.get("/v1/events", organisation_id=PARTNER), 403, "organisation_foreign")
    assert stranger.get("/v1/endpoints").json()["items"] == []
    operations = subs.client(Role.OPERATIONS)
    assert operations.get(f"/v1/endpoints/{id_}").status_code == 200
    refused(operations.get(f"/v1/endpoints/{id_}/secret"), 403, "forbidden")


@pytest.mark.parametrize("organisation", [None, "operator", "no-such-employer"])
def test_an_endpoint_belongs_to_a_sponsor_a_partner_or_a_platform(subs, organisation):
    """The operator's people must say whose it is to be."""
    operations = subs.client(Role.OPERATIONS)
    asked = {"organisation_id": organisation} if organisation else {}
    for answer in (operations.post("/v1/endpoints", {**BODY, **asked}), operations.get("/v1/events", **asked)):
        said = refused(answer, 422, "organisation_unknown")
        assert (said["unknown"], said["errors"][0]["pointer"]) == (organisation or "operator", "/organisation_id")
    for known in (SPONSOR, PARTNER, PLATFORM):
        assert operations.post("/v1/endpoints", {**BODY, "organisation_id": known}).status_code == 201
        assert operations.get("/v1/events", organisation_id=known).status_code == 200


def test_no_answer_of_a_command_holds_the_secret(subs):
    desk = partner(subs)
    id_ = endpoint(subs, BODY["url"])
    desk.post(f"/v1/endpoints/{id_}/secret-rotations")
    secret = desk.get(f"/v1/endpoints/{id_}/secret").json()["secret"]
    assert secret.startswith("whsec_")
    with subs.service.db.read() as tx:
        stored = tx.conn.exec_driver_sql("SELECT response FROM idempotency").scalars().all()
        events = tx.conn.exec_driver_sql("SELECT data, sealed FROM events").fetchall()
    assert stored
    assert not any("whsec_" in text for text in stored)
    assert not any("whsec_" in data or "platform@example.org" in data for data, _ in events)
    assert not any(b"whsec_" in (sealed or b"") for _, sealed in events)


def test_a_sponsor_grants_a_platform_and_takes_it_back(subs):
    sponsor, platform = subs.client(Role.SPONSOR, "hr", SPONSOR), subs.client(Role.PLATFORM, "engineer", PLATFORM)
    body = {"sponsor_id": SPONSOR, "platform_id": PLATFORM, "external_id": "EMP-1"}
    refused(platform.post("/v1/grants", body), 403, "forbidden")
    refused(sponsor.post("/v1/grants", {**body, "sponsor_id": OTHER}), 403, "organisation_foreign")
    refused(sponsor.post("/v1/grants", {**body, "platform_id": PARTNER}), 422, "organisation_unknown")
    given = sponsor.post("/v1/grants", body)
    assert given.status_code == 201
    refused(sponsor.post("/v1/grants", body), 409, "grant_overlaps")
    past = (START - timedelta(days=1)).isoformat()
    refused(sponsor.post("/v1/grants", {**body, "effective_from": past}), 422, "grant_in_the_past")
    refused(sponsor.post("/v1/grants", {**body, "effective_from": "2027-01-01T00:00:00"}), 422, "instant_without_zone")
    id_ = given.json()["grant_id"]
    refused(subs.client(Role.SPONSOR, "hr", OTHER).post(f"/v1/grants/{id_}/end"), 404, "grant_unknown")
    ended = sponsor.post(f"/v1/grants/{id_}/end").json()
    assert ended["until"] == "2026-03-02T15:00:02Z"
    assert platform.get("/v1/grants").json()["items"][0]["until"] == ended["until"]
    assert subs.client(Role.SPONSOR, "hr", OTHER).get("/v1/grants").json()["items"] == []
    again = sponsor.post("/v1/grants", {**body, "effective_from": "2026-03-02T15:00:02Z"})
    assert again.status_code == 201, "from the end of the first one on"


def test_the_feed_is_read_page_by_page_and_proves_that_nothing_is_missed(subs):
    large(subs)
    subs.receive(opened(1), *(entered(1, stage) for stage in (Stage.SCREENING, Stage.MATCHING, Stage.CLOSED)))
    sponsor = subs.client(Role.SPONSOR, "hr", SPONSOR)
    numbers, after = [], 0
    while (page := sponsor.get("/v1/events", after=after, limit=3, types=["case.opened", "case.ended"]).json())[
        "items"
    ]:
        numbers += [(item["sequence"], item["withheld"]) for item in page["items"]]
        after = page["last"]
    assert numbers == [(1, None), (2, "filter"), (3, "filter"), (4, None)]
    assert (page["last"], page["newest"]) == (4, 4)
    refused(sponsor.get("/v1/events", types=["case.closed"]), 422, "event_type_unknown")


def test_the_stream_begins_where_the_reader_stopped(subs, monkeypatch):
    from rso_subscriptions.api import events

    monkeypatch.setattr(events, "STREAM_SECONDS", 1.0)
    subs.receive(opened(1), entered(1, Stage.SCREENING), entered(1, Stage.DELIVERED))
    desk = partner(subs)
    headers = {**desk.headers, "accept": "text/event-stream", "last-event-id": "1"}
    answer = subs.http.get("/v1/events", headers=headers, params={"types": "case.delivered"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.strip().split("\n\n")]
    assert blocks[0] == {"retry": "1000"}
    assert (blocks[1]["id"], blocks[1]["event"]) == ("2", "withheld")
    assert (blocks[2]["id"], json.loads(blocks[2]["data"])["type"]) == ("3", PublicType.CASE_DELIVERED)
    wrong = subs.http.get("/v1/events", headers={**headers, "last-event-id": "x"})
    refused(wrong, 422, "last_event_id_invalid")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"first": 5, "last": 1}, 422, "range_invalid"),
        ({"first": 1, "last": 20_000}, 422, "range_invalid"),
        ({"first": 1}, 422, "validation_failed"),
        ({}, 422, "validation_failed"),
        ({"event_id": "none"}, 404, "event_unknown"),
    ],
)
def test_a_redelivery_that_cannot_be_is_refused(subs, body, status, code):
    id_ = endpoint(subs, BODY["url"])
    refused(partner(subs).post(f"/v1/endpoints/{id_}/redeliveries", body), status, code)


def test_read_models_are_the_streams(subs):
    id_ = endpoint(subs, BODY["url"])
    desk = partner(subs)
    desk.post(f"/v1/endpoints/{id_}/pause")
    desk.post(f"/v1/endpoints/{id_}/secret-rotations")
    grant(subs)
    before = desk.get("/v1/endpoints").json(), subs.client(Role.PLATFORM, "e", PLATFORM).get("/v1/grants").json()
    assert subs.rebuild()["endpoints"] == 1
    assert before == (
        desk.get("/v1/endpoints").json(),
        subs.client(Role.PLATFORM, "e", PLATFORM).get("/v1/grants").json(),
    )
