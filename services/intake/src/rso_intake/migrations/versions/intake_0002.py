"""The list of cases in rows of its own, per viewer; `cases` keeps what a case is found by."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "intake_0002"
down_revision = "intake_0001"
branch_labels = None
depends_on = "kit_0001"

LISTED = ("client_reference", "program_id", "program_version", "condition_group", "country", "state", "priority", "owner",
          "lifecycle", "submitted_at")  # fmt: skip
VIEWERS = (
    "SELECT case_id, '' AS viewer FROM cases",
    "SELECT case_id, 'organisation/' || organisation_id FROM case_parties WHERE granted AND organisation_id <> ''",
    "SELECT case_id, role || '/' || subject FROM case_parties WHERE granted AND subject <> '' AND role <> 'specialist'",
)
"""UNION makes one of those who are a party in two roles."""


def upgrade() -> None:
    op.create_table(
        "case_list",
        sa.Column("case_id", sa.String, nullable=False),
        sa.Column("viewer", sa.String, nullable=False),
        sa.Column("reference_last_four", sa.String, nullable=False),
        sa.Column("client_reference", sa.String),
        sa.Column("program_id", sa.String, nullable=False),
        sa.Column("program_version", sa.Integer, nullable=False),
        sa.Column("condition_group", sa.String, nullable=False),
        sa.Column("country", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("priority", sa.String, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("lifecycle", sa.String, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("submitted_at", sa.String, nullable=False),
        sa.Column("changed_at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "viewer"),
    )
    op.execute(_filled(LISTED))
    op.create_index("case_list_by_change", "case_list", ["viewer", "changed_at", "case_id"])
    op.create_index("case_list_by_stage", "case_list", ["viewer", "stage", "changed_at", "case_id"])
    by_reference = ["viewer", "client_reference", "changed_at", "case_id"]
    op.create_index("case_list_by_client_reference", "case_list", by_reference)
    op.drop_index("cases_by_update", "cases")
    op.drop_index("cases_by_client_reference", "cases")
    for column in (*LISTED, "updated_at"):
        op.drop_column("cases", column)


def _filled(listed: Sequence[str]) -> str:
    """From the rows that there are: cases, who may see them, and the stages that were heard of."""
    columns = ", ".join(listed)
    newest = "CASE WHEN s.entered_at > c.updated_at THEN s.entered_at ELSE c.updated_at END"
    return (
        f"INSERT INTO case_list (case_id, viewer, reference_last_four, stage, changed_at, {columns}) "  # noqa: S608 - from here alone
        f"SELECT c.case_id, v.viewer, substr(c.reference_number, length(c.reference_number) - 3), coalesce(s.stage, 'submitted'), {newest}, {columns} "
        f"FROM cases c JOIN ({' UNION '.join(VIEWERS)}) v ON v.case_id = c.case_id "
        "LEFT JOIN case_stages s ON s.case_id = c.case_id"
    )
