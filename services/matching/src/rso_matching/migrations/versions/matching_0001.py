"""The read models of matching: directory, matchings, offers, assignments."""

import sqlalchemy as sa
from alembic import op

revision = "matching_0001"
down_revision = None
branch_labels = ("matching",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "specialists",
        sa.Column("specialist_id", sa.String, primary_key=True),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("npi_fingerprint", sa.String, nullable=False, unique=True),
        sa.Column("profile", sa.Text, nullable=False),
    )
    op.create_table(
        "specialist_focus",
        sa.Column("condition_group", sa.String, primary_key=True),
        sa.Column("specialist_id", sa.String, primary_key=True),
    )
    op.create_table(
        "matchings",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("person_id", sa.String, nullable=False),
        sa.Column("condition_group", sa.String),
        sa.Column("country", sa.String),
        sa.Column("state", sa.String),
        sa.Column("language", sa.String),
        sa.Column("minor", sa.Boolean),
        sa.Column("questions", sa.Integer),
    )
    op.create_table(
        "offers",
        sa.Column("offer_id", sa.String, primary_key=True),
        sa.Column("case_id", sa.String, nullable=False),
        sa.Column("stream", sa.String, nullable=False),
        sa.Column("specialist_id", sa.String, nullable=False),
        sa.Column("backup", sa.Boolean, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("conflict", sa.Boolean),
        sa.Column("assignment_id", sa.String),
        sa.Column("offered_at", sa.String, nullable=False),
        sa.Column("expires_at", sa.String, nullable=False),
    )
    op.create_index("offers_by_specialist", "offers", ["specialist_id", "offered_at"])
    op.create_index("offers_by_case", "offers", ["case_id"])
    op.create_index("offers_by_time", "offers", ["offered_at", "offer_id"])
    op.create_table(
        "assignments",
        sa.Column("assignment_id", sa.String, primary_key=True),
        sa.Column("case_id", sa.String, nullable=False),
        sa.Column("person_id", sa.String, nullable=False),
        sa.Column("specialist_id", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("accepted_at", sa.String, nullable=False),
    )
    op.create_index("assignments_by_specialist", "assignments", ["specialist_id", "status"])
    op.create_index("assignments_by_person", "assignments", ["person_id", "status"])


def downgrade() -> None:
    for table in ("assignments", "offers", "matchings", "specialist_focus", "specialists"):
        op.drop_table(table)
