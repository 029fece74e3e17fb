"""Webhooks as they arrive: signed, in order per case, again and again, and a dead endpoint holds up nobody."""

import asyncio
import threading
import time
from datetime import datetime, timedelta

from rso_shared.contracts.vocabulary import Stage
from rso_subscriptions.domain.grant import End
from rso_subscriptions.queue import DEAD, PENDING
from subscriptions.receiving import delivering, receiver, until, verified
from subscriptions.scene import (
    PARTNER,
    PLATFORM,
    SPONSOR,
    endpoint,
    entered,
    execute,
    grant,
    large,
    opened,
    partner,
    rows,
)
from support.harness import START

MOVES = (Stage.SCREENING, Stage.COMPILING_RECORDS, Stage.MATCHING, Stage.IN_REVIEW, Stage.DELIVERED, Stage.CLOSED)


def cases(subs, count, moves=MOVES):
    """The facts of all cases mixed, each case's own in order."""
    subs.receive(*(opened(number) for number in range(count)))
    for stage in moves:
        subs.receive(*(entered(number, stage) for number in range(count)))


def in_order_per_case(got):
    by_case = {}
    for event in got:
        by_case.setdefault(event["data"]["case_id"], []).append(event["sequence"])
    return all(numbers == sorted(numbers) for numbers in by_case.values())


def shown(subs, endpoint_id, path="", **params):
    answer = partner(subs).get(f"/v1/endpoints/{endpoint_id}{path}", **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_event_arrives_signed_once_and_in_order_per_case(subs):
    cases(subs, 10)
    with receiver() as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        until(lambda: len(there.got) == 70)
        assert verified(there, shown(subs, id_, "/secret")["secret"])
        subs.receive(opened("new"))
        until(lambda: len(there.got) == 71)
    assert sorted(there.sequences) == list(range(1, 72))
    assert in_order_per_case(there.got)
    assert {headers["webhook-id"] for headers in there.headers} == {row.event_id for row in rows(subs, PARTNER)}
    delivering_ = shown(subs, id_)["delivering"]
    assert (delivering_["cursor"], delivering_["newest"], delivering_["queued"]) == (71, 71, 0)
    log = shown(subs, id_, "/attempts", limit=5)
    assert {(each["outcome"], each["status"]) for each in log["items"]} == {("delivered", 204)}
    assert len(shown(subs, id_, "/attempts", cursor=log["next_cursor"], limit=500)["items"]) == 66


def test_a_restart_sends_nothing_twice_that_was_written_down(subs):
    cases(subs, 5)
    with receiver() as there:
        id_ = endpoint(subs, there.url)
        with delivering(subs):
            until(lambda: len(there.got) == 35)
        with delivering(subs):
            subs.receive(opened("new"))
            until(lambda: len(there.got) == 36)
        assert set(there.tries.values()) == {1}
    assert shown(subs, id_)["delivering"]["cursor"] == 36


def test_one_event_that_fails_is_tried_again_and_holds_up_its_own_case_alone(subs):
    cases(subs, 4)
    bad = rows(subs, PARTNER)[4].event_id

    def behave(handler):
        return 500 if handler.headers["webhook-id"] == bad and there.tries[bad] < 3 else 204

    with receiver(behave) as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        until(lambda: len(there.got) == 22)
        held = [event["data"]["case_id"] for event in there.got].count(rows(subs, PARTNER)[4].lane)
        assert held == 1, "what came before the one that fails"
        until(lambda: shown(subs, id_)["delivering"]["queued"] == 6)
        subs.clock.set(START + timedelta(seconds=10))
        until(lambda: there.tries[bad] == 2)
        subs.clock.set(START + timedelta(minutes=10))
        until(lambda: len(there.got) == 28)
    assert in_order_per_case(there.got)
    assert shown(subs, id_)["delivering"]["queued"] == 0
    tries = [each["attempt"] for each in shown(subs, id_, "/attempts", event_id=bad)["items"]]
    assert tries == [3, 2, 1]


def test_what_fails_for_three_days_is_a_dead_letter_and_can_be_asked_for(subs):
    cases(subs, 2, MOVES[:2])
    bad = rows(subs, PARTNER)[0].event_id
    stubborn = [True]

    def behave(handler):
        return 500 if handler.headers["webhook-id"] == bad and stubborn[0] else 204

    with receiver(behave) as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        until(lambda: len(there.got) == 3)
        for attempts in range(1, 11):
            until(lambda tried=attempts: [e for e in shown(subs, id_, "/queue")["items"] if e["attempts"] >= tried])
            subs.clock.set(subs.clock.now() + timedelta(hours=30))
            subs.receive(opened(f"other{attempts}", partner=PARTNER))
            until(lambda number=attempts: len([e for e in there.got if e["type"] == "case.opened"]) > number)
        until(lambda: shown(subs, id_, "/queue", state=DEAD)["items"])
        until(lambda: len(there.got) == 15)
        (dead,) = shown(subs, id_, "/queue", state=DEAD)["items"]
        assert (dead["event_id"], dead["attempts"], dead["why"]) == (bad, 10, "refused")
        assert there.tries[bad] == 10
        stubborn[0] = False
        answer = partner(subs).post(f"/v1/endpoints/{id_}/redeliveries", {"event_id": bad})
        assert (answer.status_code, answer.json()["events"]) == (201, 1)
        until(lambda: len(there.got) == 16)
        until(lambda: shown(subs, id_)["delivering"]["dead_letters"] == 0)


def test_500_for_26_hours_pauses_tells_by_mail_and_a_resume_drains_all_in_order(subs):
    well = [False]
    with receiver(lambda _handler: 204 if well[0] else 500) as there, receiver() as other, delivering(subs):
        id_ = endpoint(subs, there.url)
        endpoint(subs, other.url + "other", types=["endpoint.*"])
        cases(subs, 6)
        end = START + timedelta(hours=26)
        until(lambda: shown(subs, id_)["delivering"]["failures"] >= 3)
        while subs.clock.now() < end and shown(subs, id_)["status"] == "active":
            failures = shown(subs, id_)["delivering"]["failures"]
            subs.clock.set(subs.clock.now() + timedelta(minutes=75))
            until(lambda seen=failures: shown(subs, id_)["delivering"]["failures"] > seen)
        until(lambda: shown(subs, id_)["status"] == "paused")
        assert subs.clock.now() - START > timedelta(hours=24)
        assert shown(subs, id_)["pause_reason"] == "failing"
        assert there.got == []
        until(lambda: other.got)
        assert [(each["type"], each["data"]["endpoint_id"]) for each in other.got] == [("endpoint.paused", id_)]
        assert subs.service.mail.send_pending() == 1
        (mail,) = (
            subs.service.settings.mail_folder and __import__("pathlib").Path(subs.service.settings.mail_folder)
        ).glob("*.eml")
        assert "platform@example.org" in mail.read_text()
        subs.clock.set(end)
        subs.receive(opened("late"))
        well[0] = True
        assert partner(subs).post(f"/v1/endpoints/{id_}/resumption").status_code == 200
        until(lambda: len(there.got) == 44)
    cases_ = [event for event in there.got if event["type"].startswith("case.")]
    assert in_order_per_case(cases_)
    assert sorted(there.sequences) == list(range(1, 45))
    assert shown(subs, id_)["delivering"]["dead_letters"] == 0


def test_an_endpoint_that_says_it_is_gone_is_paused_at_once(subs):
    cases(subs, 1, ())
    with receiver(lambda _handler: 410) as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        until(lambda: shown(subs, id_)["status"] == "paused")
    assert (shown(subs, id_)["pause_reason"], sum(there.tries.values())) == ("gone", 1)


def test_a_resumed_endpoint_drains_at_its_own_rate(subs):
    cases(subs, 10, MOVES[:1])
    with receiver() as there, delivering(subs):
        id_ = endpoint(subs, there.url, rate=10)
        partner(subs).post(f"/v1/endpoints/{id_}/pause")
        begun = len(there.got)
        partner(subs).post(f"/v1/endpoints/{id_}/resumption")
        started = time.monotonic()
        until(lambda: len(there.got) == 20)
        assert (20 - begun - 2) / 10 < time.monotonic() - started < (20 - begun) / 10 + 3


def test_what_was_read_ahead_is_sent_where_a_pause_ends_before_the_delivery_under_way_does(subs):
    cases(subs, 1)
    released = threading.Event()

    def behave(_handler):
        released.wait(15)
        return 204

    with receiver(behave) as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        until(lambda: there.tries)
        partner(subs).post(f"/v1/endpoints/{id_}/pause")
        time.sleep(0.7)
        partner(subs).post(f"/v1/endpoints/{id_}/resumption")
        released.set()
        until(lambda: len(there.got) == 7)
    assert there.sequences == list(range(1, 8))


def test_a_paused_endpoint_keeps_its_place(subs):
    with receiver() as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        partner(subs).post(f"/v1/endpoints/{id_}/pause")
        time.sleep(0.2)
        cases(subs, 2, ())
        time.sleep(0.7)
        assert there.got == []
        partner(subs).post(f"/v1/endpoints/{id_}/resumption")
        until(lambda: there.sequences == [1, 2])


def test_both_secrets_sign_for_a_day_after_a_rotation(subs):
    with receiver() as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        old = shown(subs, id_, "/secret")["secret"]
        cases(subs, 1, ())
        until(lambda: len(there.got) == 1)
        assert partner(subs).post(f"/v1/endpoints/{id_}/secret-rotations").status_code == 201
        new = shown(subs, id_, "/secret")["secret"]
        assert new != old
        subs.receive(opened("x"))
        until(lambda: len(there.got) == 2)
        assert there.headers[1]["webhook-signature"].count("v1,") == 2
        assert verified(there, old)
        subs.clock.set(START + timedelta(hours=24))
        subs.receive(opened("y"))
        until(lambda: len(there.got) == 3)
        assert there.headers[2]["webhook-signature"].count("v1,") == 1


def test_a_secret_rotated_mid_flight_still_fits_what_was_signed_before(subs):
    """The receiver is slow; meanwhile the secret is rotated. What arrives verifies under the secret it knew."""

    def behave(_handler):
        time.sleep(0.5)
        return 204

    with receiver(behave) as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        old = shown(subs, id_, "/secret")["secret"]
        cases(subs, 4, MOVES[:2])
        until(lambda: sum(there.tries.values()) > 0)
        partner(subs).post(f"/v1/endpoints/{id_}/secret-rotations")
        until(lambda: len(there.got) == 12)
        assert verified(there, old), "for a day, whoever has not changed it yet still can check"


def test_nothing_leaves_at_or_after_the_end_of_a_grant(subs):
    """By webhook, redelivery and replay; what was on its way when the grant was taken back is held too."""
    large(subs)
    id_grant = grant(subs)
    subs.receive(*(opened(number) for number in range(3)))
    platform = subs.client("platform", "engineer", PLATFORM)
    with receiver() as there, delivering(subs):
        id_ = endpoint(subs, there.url, platform)
        until(lambda: len(there.got) == 3)
        platform.post(f"/v1/endpoints/{id_}/pause")
        subs.receive(*(entered(number, Stage.SCREENING) for number in range(3)))
        execute(subs, SPONSOR, End(id_grant, None, START))
        subs.clock.set(START + timedelta(seconds=2))
        platform.post(f"/v1/endpoints/{id_}/resumption")
        platform.post(f"/v1/endpoints/{id_}/redeliveries", {"first": 1, "last": 3})
        platform.post(f"/v1/endpoints/{id_}/cursor", {"after": 0})
        until(lambda: platform.get(f"/v1/endpoints/{id_}").json()["delivering"]["cursor"] == 6)
        until(lambda: platform.get(f"/v1/endpoints/{id_}").json()["delivering"]["queued"] == 0)
        assert len(there.got) == 3
        feed = platform.get("/v1/events").json()
        assert [item["withheld"] for item in feed["items"]] == ["grant"] * 6


def test_what_is_still_connecting_when_a_grant_ends_is_not_sent(subs):
    """The look-up of the name is slow, and the grant is over when there is a connection at last."""
    large(subs)
    grant(subs, until=START + timedelta(days=1))
    subs.receive(opened(1))
    asked, there_at_last = threading.Event(), threading.Event()

    async def resolve(_host, _port):
        asked.set()
        await asyncio.to_thread(there_at_last.wait, 20)
        return ["127.0.0.1"]

    platform = subs.client("platform", "engineer", PLATFORM)
    with receiver() as there, delivering(subs, resolve=resolve):
        port = there.url.split(":")[2]
        id_ = endpoint(subs, f"http://hooks.example.org:{port}", platform)
        assert asked.wait(20)
        subs.clock.set(START + timedelta(days=1))
        there_at_last.set()
        until(lambda: platform.get(f"/v1/endpoints/{id_}").json()["delivering"]["cursor"] == 1)
        assert there.tries == {}
        assert platform.get(f"/v1/endpoints/{id_}/attempts").json()["items"] == []


def test_a_range_is_sent_again_to_one_endpoint_alone_under_the_same_ids(subs):
    cases(subs, 2)
    with receiver() as one, receiver() as two, delivering(subs):
        id_ = endpoint(subs, one.url)
        endpoint(subs, two.url)
        until(lambda: len(one.got) == len(two.got) == 14)
        answer = partner(subs).post(f"/v1/endpoints/{id_}/redeliveries", {"first": 3, "last": 7})
        assert answer.json()["events"] == 5
        until(lambda: len(one.got) == 19)
        assert sorted(one.sequences[14:]) == [3, 4, 5, 6, 7]
        assert in_order_per_case(one.got[14:])
        assert len(two.got) == 14
        ids = {row.event_id for row in rows(subs, PARTNER)}
        assert {headers["webhook-id"] for headers in one.headers} == ids


def test_replay_is_moving_the_cursor(subs):
    cases(subs, 2, ())
    with receiver() as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        until(lambda: there.sequences == [1, 2])
        assert partner(subs).post(f"/v1/endpoints/{id_}/cursor", {"after": 0}).json()["cursor"] == 0
        until(lambda: sorted(there.sequences) == [1, 1, 2, 2])


def test_a_test_event_goes_to_one_endpoint_whatever_its_filter_says(subs):
    with receiver() as there, delivering(subs):
        id_ = endpoint(subs, there.url, types=["counts.monthly"])
        answer = partner(subs).post(f"/v1/endpoints/{id_}/tests")
        assert answer.status_code == 201
        until(lambda: there.got)
        assert (there.got[0]["type"], there.got[0]["id"]) == ("endpoint.test", answer.json()["event_id"])
        assert rows(subs, PARTNER) == []


def test_a_filter_holds_for_webhooks_too(subs):
    cases(subs, 3)
    with receiver() as there, delivering(subs):
        id_ = endpoint(subs, there.url, types=["case.delivered"])
        until(lambda: shown(subs, id_)["delivering"]["cursor"] == 21)
    assert [event["type"] for event in there.got] == ["case.delivered"] * 3


def test_a_dead_endpoint_holds_up_nobody(subs):
    """One hangs, one refuses connections; the third has all it should long before either is given up."""
    release = threading.Event()

    def hang(_handler):
        release.wait(10)
        return 204

    cases(subs, 5)
    with receiver(hang) as hanging, receiver() as well, delivering(subs, seconds=2.0):
        slow = endpoint(subs, hanging.url)
        dead = endpoint(subs, "http://127.0.0.1:9/hook")
        started = time.monotonic()
        endpoint(subs, well.url)
        until(lambda: len(well.got) == 35)
        assert time.monotonic() - started < 2.0
        until(lambda: shown(subs, dead, "/attempts")["items"])
        assert shown(subs, dead, "/attempts")["items"][0]["outcome"] == "connect_failed"
        until(lambda: shown(subs, slow, "/attempts")["items"])
        assert shown(subs, slow, "/attempts")["items"][0]["outcome"] == "timeout"
        release.set()


def test_pending_and_dead_are_told_apart(subs):
    cases(subs, 1, ())
    with receiver(lambda _handler: 500) as there, delivering(subs):
        id_ = endpoint(subs, there.url)
        until(lambda: shown(subs, id_, "/queue", state=PENDING)["items"])
        assert shown(subs, id_, "/queue", state=DEAD)["items"] == []
        (waiting,) = shown(subs, id_, "/queue")["items"]
        assert datetime.fromisoformat(waiting["next_at"]) == START + timedelta(seconds=5)
