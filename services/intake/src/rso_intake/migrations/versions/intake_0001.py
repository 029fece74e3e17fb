"""The read models of intake: cases, persons' look-up keys, stages, and the catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0001"
down_revision = None
branch_labels = ("intake",)
depends_on = None


def upgrade() -> None:
    _cases()
    _catalogue()


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("organisation_id", sa.String, nullable=False),
        sa.Column("program_id", sa.String, nullable=False),
        sa.Column("program_version", sa.Integer, nullable=False),
        sa.Column("person_id", sa.String, nullable=False),
        sa.Column("client_reference", sa.String),
        sa.Column("reference_number", sa.String, nullable=False, unique=True),
        sa.Column("lifecycle", sa.String, nullable=False),
        sa.Column("priority", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("condition_group", sa.String, nullable=False),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("submitted_at", sa.String, nullable=False),
        sa.Column("updated_at", sa.String, nullable=False),
    )
    op.create_index("cases_by_update", "cases", ["updated_at", "case_id"])
    op.create_index("cases_by_client_reference", "cases", ["client_reference"])
    op.create_table(
        "person_keys",
        sa.Column("identifier_key", sa.String, primary_key=True),
        sa.Column("person_id", sa.String, nullable=False),
    )
    op.create_table(
        "case_stages",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("entered_at", sa.String, nullable=False),
    )


def _catalogue() -> None:
    op.create_table(
        "programs",
        sa.Column("program_id", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("program_id", "version"),
    )
    op.create_table(
        "jurisdictions",
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_table(
        "organisations",
        sa.Column("organisation_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("state", sa.String),
    )
