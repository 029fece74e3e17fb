"""The read models of matching. Nothing here names a person: `profile` is the clear part of a specialist."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, PrimaryKeyConstraint, String, Table, Text, text

METADATA = MetaData()
ACTIVE = text("status = 'active'")
"""Written out, since only so the databases see that the index of those under way has every row that is asked for."""

SPECIALISTS = Table(
    "specialists",
    METADATA,
    Column("specialist_id", String, primary_key=True),
    Column("stream", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("npi_fingerprint", String, nullable=False, unique=True),
    Column("profile", Text, nullable=False),
)

SPECIALIST_FOCUS = Table(
    "specialist_focus",
    METADATA,
    Column("condition_group", String, nullable=False),
    Column("specialist_id", String, nullable=False),
    PrimaryKeyConstraint("condition_group", "specialist_id"),
)

MATCHINGS = Table(
    "matchings",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("stream", String, nullable=False),
    Column("person_id", String, nullable=False),
    Column("condition_group", String),
    Column("country", String),
    Column("state", String),
    Column("language", String),
    Column("minor", Boolean),
    Column("questions", Integer),
)

OFFERS = Table(
    "offers",
    METADATA,
    Column("offer_id", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("specialist_id", String, nullable=False),
    Column("backup", Boolean, nullable=False),
    Column("status", String, nullable=False),
    Column("conflict", Boolean),
    Column("assignment_id", String),
    Column("offered_at", String, nullable=False),
    Column("expires_at", String, nullable=False),
    Index("offers_by_specialist", "specialist_id", "offered_at"),
    Index("offers_by_specialist_and_status", "specialist_id", "status", "offered_at", "offer_id"),
    Index("offers_by_status", "status", "offered_at", "offer_id"),
    Index("offers_by_case", "case_id"),
    Index("offers_by_time", "offered_at", "offer_id"),
)

ASSIGNMENTS = Table(
    "assignments",
    METADATA,
    Column("assignment_id", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("person_id", String, nullable=False),
    Column("specialist_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("accepted_at", String, nullable=False),
    Index("assignments_active", "specialist_id", "case_id", sqlite_where=ACTIVE, postgresql_where=ACTIVE),
    Index("assignments_by_person", "person_id", "status"),
)
