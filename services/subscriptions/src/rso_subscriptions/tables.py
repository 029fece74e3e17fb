"""The service's own tables. `endpoints` and `grants` are read models of its streams; all else is written as facts come and events go."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table, Text, text

from rso_shared.kit.tables import COUNTER

METADATA = MetaData()
KEPT = text("status <> 'removed'")

ENDPOINTS = Table(
    "endpoints",
    METADATA,
    Column("endpoint_id", String, primary_key=True),
    Column("organisation_id", String, nullable=False),
    Column("url", String, nullable=False),
    Column("types", Text, nullable=False),
    Column("programs", Text, nullable=False),
    Column("sponsors", Text, nullable=False),
    Column("rate", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("pause_reason", String),
    Column("created_at", String, nullable=False),
    Column("version", Integer, nullable=False),
    Index("endpoints_by_url", "organisation_id", "url", unique=True, sqlite_where=KEPT, postgresql_where=KEPT),
    Index("endpoints_by_status", "status", "endpoint_id"),
)

GRANTS = Table(
    "grants",
    METADATA,
    Column("grant_id", String, primary_key=True),
    Column("sponsor_id", String, nullable=False),
    Column("platform_id", String, nullable=False),
    Column("external_id", String, nullable=False),
    Column("level", String, nullable=False),
    Column("effective_from", String, nullable=False),
    Column("until", String),
    Index("grants_by_sponsor", "sponsor_id", "effective_from"),
    Index("grants_by_platform", "platform_id", "sponsor_id"),
)

ORGANISATIONS = Table(
    "organisations",
    METADATA,
    Column("organisation_id", String, primary_key=True),
    Column("kind", String),
    Column("covered_lives", BigInteger),
    Column("since", String, nullable=False),
    Column("next", BigInteger, nullable=False),
)
"""`next` is the sequence that the organisation's next event gets; whoever takes it holds the row until the commit."""

PROGRAMS = Table(
    "programs",
    METADATA,
    Column("program_id", String, primary_key=True),
    Column("organisation_id", String, nullable=False),
)

CASES = Table(
    "cases",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("sponsor_id", String, nullable=False),
    Column("opened_at", String, nullable=False),
    Column("delivered_at", String),
    Column("ended_at", String),
    Index("cases_opened", "sponsor_id", "opened_at"),
    Index("cases_delivered", "sponsor_id", "delivered_at"),
    Index("cases_ended", "sponsor_id", "ended_at"),
)
"""Of cases that a sponsor pays for: what its counts are counted from."""

MONTHS = Table(
    "months",
    METADATA,
    Column("sponsor_id", String, nullable=False),
    Column("month", String, nullable=False),
    PrimaryKeyConstraint("sponsor_id", "month"),
)
"""Whose counts of which month were told."""

FEED = Table(
    "feed",
    METADATA,
    Column("organisation_id", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("event_id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("level", String),
    Column("lane", String, nullable=False),
    Column("sponsor_id", String),
    Column("program_id", String),
    Column("occurred_at", String, nullable=False),
    Column("payload", Text, nullable=False),
    PrimaryKeyConstraint("organisation_id", "sequence"),
    Index("feed_by_event", "organisation_id", "event_id", unique=True),
    Index("feed_by_lane", "lane", "occurred_at"),
)
"""What each organisation hears, in its order. A row is never changed. Rows of one lane (a case) are sent one after the other."""

POSITIONS = Table(
    "positions",
    METADATA,
    Column("endpoint_id", String, primary_key=True),
    Column("cursor", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", String),
    Column("rest_until", String),
)
"""Up to `cursor` everything is delivered, withheld or in the queue. `generation` changes when somebody moves the cursor."""

QUEUE = Table(
    "queue",
    METADATA,
    Column("endpoint_id", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("lane", String, nullable=False),
    Column("payload", Text),
    Column("attempts", Integer, nullable=False),
    Column("strikes", Integer, nullable=False),
    Column("next_at", String, nullable=False),
    Column("state", String, nullable=False),
    Column("why", String),
    PrimaryKeyConstraint("endpoint_id", "event_id"),
    Index("queue_by_lane", "endpoint_id", "state", "lane", "sequence"),
    Index("queue_by_event", "event_id"),
    Index("queue_due", "state", "next_at", "endpoint_id"),
)
"""What is to be sent beside the feed's own way: failed once, standing behind such a one, asked for again. `state`: pending, dead.

`strikes` are the attempts that failed while the endpoint took other events: only they lead to a dead letter.
`payload` is set where the event has no place in the feed.
"""

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("endpoint_id", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("type", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("ms", Integer, nullable=False),
    Column("status", Integer),
    Column("outcome", String, nullable=False),
    Index("attempts_by_endpoint", "endpoint_id", "id"),
    Index("attempts_by_event", "event_id", "endpoint_id", "id"),
    Index("attempts_by_time", "at"),
    sqlite_autoincrement=True,
)
"""The delivery log. What an endpoint answers is read up to a limit and not kept: it may hold anything."""
