"""The kit's own tables, the same in every service's database. Instants are ISO text: they sort and hash as stored."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData()
COUNTER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts to 2^63 in what it calls an integer, PostgreSQL only to 2^31."""

EVENTS = Table(
    "events",
    METADATA,
    Column("stream", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("event_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("meta", Text, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("stream", "version"),
    UniqueConstraint("event_id"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("event_id", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("key", String, nullable=False),
    Column("headers", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("created_at", String, nullable=False),
    Column("published_at", String),
    Index(
        "outbox_pending", "id", sqlite_where=text("published_at IS NULL"), postgresql_where=text("published_at IS NULL")
    ),
    sqlite_autoincrement=True,
)

INBOX = Table(
    "inbox",
    METADATA,
    Column("consumer", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("handled_at", String, nullable=False),
    PrimaryKeyConstraint("consumer", "event_id"),
)

PARKED = Table(
    "parked",
    METADATA,
    Column("id", COUNTER, primary_key=True, autoincrement=True),
    Column("consumer", String, nullable=False),
    Column("key", String, nullable=False),
    Column("event_id", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("headers", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("parked_at", String, nullable=False),
    UniqueConstraint("consumer", "event_id"),
    Index("parked_by_key", "consumer", "key", "id"),
    sqlite_autoincrement=True,
)

FACTS = Table(
    "facts",
    METADATA,
    Column("event_id", String, primary_key=True),
    Column("position", COUNTER, nullable=False),
    Column("type", String, nullable=False),
    Column("key", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("occurred_at", String, nullable=False),
    Column("kept_at", String, nullable=False),
    Column("actor", String),
    Column("causation_id", String),
    Column("data", Text, nullable=False),
    Index("facts_by_key", "key", "type", "position"),
    Index("facts_by_position", "position"),
)

HEADS = Table(
    "heads",
    METADATA,
    Column("stream", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("hash", String, nullable=False),
)

PARTIES = Table(
    "case_parties",
    METADATA,
    Column("case_id", String, nullable=False),
    Column("role", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("organisation_id", String, nullable=False),
    Column("granted", Boolean, nullable=False),
    PrimaryKeyConstraint("case_id", "role", "subject", "organisation_id"),
)
"""Always asked for by case. An index by subject or organisation would only mislead: one of them may have most of the cases."""

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("client", String, nullable=False),
    Column("key", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("response", Text, nullable=False),
    Column("created_at", String, nullable=False),
    PrimaryKeyConstraint("client", "key"),
)

BLOBS = Table(
    "blobs",
    METADATA,
    Column("object_id", String, primary_key=True),
    Column("person_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("duplicate_key", String),
    Column("created_at", String, nullable=False),
    Index("blobs_by_person", "person_id"),
    Index("blobs_by_duplicate", "person_id", "duplicate_key"),
)

ERASURES = Table(
    "erasures",
    METADATA,
    Column("erasure_id", String, primary_key=True),
    Column("person_id", String, nullable=False),
    Column("ordered_at", String, nullable=False),
    Column("destroyed_at", String),
    Index("erasures_by_person", "person_id"),
    Index(
        "erasures_pending",
        "erasure_id",
        sqlite_where=text("destroyed_at IS NULL"),
        postgresql_where=text("destroyed_at IS NULL"),
    ),
)

NOTICES = Table(
    "notices",
    METADATA,
    Column("notice_id", String, primary_key=True),
    Column("stream", String, nullable=False),
    Column("requested_at", String, nullable=False),
    Column("sent_at", String),
    Index(
        "notices_pending", "notice_id", sqlite_where=text("sent_at IS NULL"), postgresql_where=text("sent_at IS NULL")
    ),
)

SHADOWS = Table(
    "shadows",
    METADATA,
    Column("projection", String, nullable=False),
    Column("stream", String, nullable=False),
    PrimaryKeyConstraint("projection", "stream"),
    Index("shadows_by_stream", "stream"),
)
