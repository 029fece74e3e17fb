"""What Specialists and Reports are counted from: the directory with its offers, and what happened to cases, by instant."""

import sqlalchemy as sa
from alembic import op

revision = "operations_0004"
down_revision = "operations_0003"
branch_labels = None
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
OPEN = sa.text("state IN ('offered', 'accepted')")


def upgrade() -> None:
    _directory()
    _happenings()


def _directory() -> None:
    op.create_table(
        "specialists",
        sa.Column("specialist_id", sa.String, primary_key=True),
        sa.Column("taxonomy", sa.String, nullable=False),
        sa.Column("capacity", sa.Integer),
        sa.Column("credentials_until", sa.String),
    )
    op.create_table(
        "licences",
        sa.Column("licence_id", sa.String, primary_key=True),
        sa.Column("specialist_id", sa.String, nullable=False),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("valid_from", sa.String, nullable=False),
        sa.Column("valid_to", sa.String, nullable=False),
    )
    op.create_index("licences_by_specialist", "licences", ["specialist_id", "place", "valid_to"])
    op.create_table(
        "offers",
        sa.Column("offer_id", sa.String, primary_key=True),
        sa.Column("assignment_id", sa.String),
        sa.Column("specialist_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("offered_at", sa.String, nullable=False),
        sa.Column("answered_at", sa.String),
        sa.Column("ended_at", sa.String),
    )
    op.create_index("offers_by_specialist", "offers", ["specialist_id", "offered_at"])
    op.create_index("offers_by_assignment", "offers", ["assignment_id"])
    op.create_index("offers_open", "offers", ["specialist_id", "state"], sqlite_where=OPEN, postgresql_where=OPEN)


def _happenings() -> None:
    op.create_table(
        "report_cases",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("program_id", sa.String),
        sa.Column("sponsor_id", sa.String),
        sa.Column("submitted_at", sa.String),
        sa.Column("stage", sa.String),
        sa.Column("stage_since", sa.String),
        sa.Column("promised_by", sa.String),
    )
    op.create_index("report_cases_by_sponsor", "report_cases", ["sponsor_id", "program_id"])
    op.create_index("report_cases_by_program", "report_cases", ["program_id"])
    op.create_table(
        "report_happenings",
        sa.Column("event_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("case_id", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("recorded_at", sa.String, nullable=False),
        sa.Column("code", sa.String),
        sa.Column("other", sa.String),
        sa.Column("seconds", COUNTER),
        sa.Column("amount_minor", COUNTER),
        sa.Column("currency", sa.String),
    )
    op.create_index("report_happenings_by_kind", "report_happenings", ["kind", "at"])
    op.create_index("report_happenings_by_case", "report_happenings", ["case_id", "kind"])


def downgrade() -> None:
    for name in ("report_happenings", "report_cases", "offers", "licences", "specialists"):
        op.drop_table(name)
