"""Clocks, ids, names, settings, heartbeats: small things that everything stands on."""

import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kit import sample
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit import health, ids
from rso_shared.kit.clock import ManualClock, SandboxClock, WallClock, iso, parse_iso
from rso_shared.kit.decider import Decider
from rso_shared.kit.health import Health
from rso_shared.kit.names import BY_SHORT, HEADS_TOPIC, SERVICES
from rso_shared.kit.settings import known_names, strangers
from support.deciding import given as history
from support.harness import START, Harness, settings

INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(first=INSTANTS, second=INSTANTS)
def test_instants_sort_as_text_in_the_order_of_time_and_come_back(first: datetime, second: datetime) -> None:
    assert (iso(first) < iso(second)) == (first < second)
    assert parse_iso(iso(first)) == first
    assert iso(first.astimezone(timezone(timedelta(hours=-7)))) == iso(first)
    assert iso(first).endswith("Z")


def test_the_wall_clock_knows_its_zone() -> None:
    assert WallClock().now().utcoffset() == timedelta()
    clock = ManualClock(START)
    clock.set(START + timedelta(days=1))
    assert clock.now() - START == timedelta(days=1)


def test_a_sandbox_clock_moves_forward_only_and_saves_what_it_was_moved_by() -> None:
    saved: list[timedelta] = []
    clock = SandboxClock(save=saved.append)
    target = datetime.now(UTC) + timedelta(days=14)
    offset = clock.advance_to(target)
    assert timedelta() <= clock.now() - target < timedelta(seconds=5)
    assert saved == [offset] == [clock.offset]
    assert clock.advance_to(target - timedelta(days=1)) == offset
    assert clock.advance_to(datetime.now(UTC)) == offset
    assert len(saved) == 1


def test_a_sandbox_clock_goes_on_where_it_was_after_a_restart() -> None:
    clock = SandboxClock(timedelta(days=3))
    assert timedelta(days=3) <= clock.now() - datetime.now(UTC) + timedelta(seconds=1) < timedelta(days=3, seconds=5)
    first = clock.now()
    assert clock.now() >= first


def test_ids_have_the_versions_they_promise() -> None:
    assert uuid.UUID(ids.random_id()).version == 4
    made = [uuid.UUID(ids.event_id()) for _ in range(100)]
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {uuid.RFC_4122}
    assert len(set(made)) == 100
    milliseconds = [one.int >> 80 for one in made]
    assert milliseconds == sorted(milliseconds)
    assert abs(milliseconds[0] / 1000 - datetime.now(UTC).timestamp()) < 60


def test_derived_ids_are_the_same_for_ever() -> None:
    assert ids.derived_id("case", 1, "note") == "d2530e27-7567-50ee-b040-d27d0fdaddc2"
    assert ids.derived_id("case", 1) != ids.derived_id("case", 2)


def test_every_service_has_its_own_names() -> None:
    for attribute in ("short", "folder", "package", "topic", "settings_prefix", "database", "source"):
        assert len({getattr(service, attribute) for service in SERVICES}) == len(SERVICES)
    records = BY_SHORT["records"]
    assert (records.folder, records.package) == ("records-compiler", "rso_records_compiler")
    assert (records.topic, records.settings_prefix, records.database) == (
        "rso.records.v1",
        "RSO_RECORDS_",
        "rso_records",
    )
    assert HEADS_TOPIC not in {service.topic for service in SERVICES}
    root = Path(__file__).parents[2] / "services"
    for service in SERVICES:
        assert (root / service.folder / "src" / service.package).is_dir()


def test_a_setting_that_nobody_reads_is_named() -> None:
    environment = {"RSO_INTAKE_DATABASE_URL": "x", "RSO_INTAKE_DATABSE_URL": "x", "PATH": "/bin", "RSO_DATA_DIR": "d"}
    assert strangers(environment, known_names()) == ["RSO_INTAKE_DATABSE_URL"]


def test_secrets_do_not_show_and_unknown_settings_are_refused(tmp_path: Path) -> None:
    made = settings(tmp_path)
    assert "07" * 32 not in repr(made)
    assert made.master() == bytes.fromhex("07" * 32)
    with pytest.raises(ValidationError):
        settings(tmp_path, databse_url="x")


def test_a_loop_that_stopped_beating_is_seen() -> None:
    now = [1000.0]
    beats = Health(monotonic=lambda: now[0])
    beats.beat("relay")
    beats.trouble("consumer", "Transient")
    assert beats.problems() == {"consumer": "Transient"}
    now[0] += health.STALE_SECONDS + 1
    assert beats.problems()["relay"] == "no heartbeat"
    beats.beat("relay")
    beats.beat("consumer")
    assert beats.problems() == {}


def test_readiness_tells_what_is_unsent_and_what_is_wrong(harness: Harness) -> None:
    url = "/internal/v1/sample/readyz"
    harness.client(Role.PATIENT).post("/v1/cases", {"name": "a"})
    assert harness.http.get(url).status_code == 200, "what has just been written is on its way"
    harness.clock.set(START + timedelta(minutes=1))
    answer = harness.http.get(url)
    assert (answer.status_code, answer.json()["unsent"]) == (503, 2), "what is older than thirty seconds is not"
    assert answer.json()["unsent_since"] == iso(START)
    assert answer.json()["heartbeats"] == {}, "this process runs no loop"
    harness.service.health.trouble("relay", "Transient")
    assert harness.http.get(url).json()["heartbeats"]["relay"] < health.STALE_SECONDS
    assert harness.http.get(url).json()["problems"]["relay"] == "Transient"
    assert harness.http.get("/internal/v1/sample/livez").json() == {"status": "alive"}


def test_a_decider_folds_and_evolves_over_what_it_does_not_know() -> None:
    case: Decider[sample.Case, object, object] = sample.CASE  # type: ignore[assignment]
    note = sample.NoteAdded(case_id="k1", note_id="n", number=1)
    history(case, object(), sample.Touched(case_id="k1")).when(sample.AddNote("k1", "n")).refused("not_open")
    opened = sample.decide(sample.opening("k1"), sample.Case())[0]
    history(case, opened, object()).when(sample.AddNote("k1", "n")).then(note)
    history(case, opened, note).when(sample.AddNote("k1", "n")).then()
