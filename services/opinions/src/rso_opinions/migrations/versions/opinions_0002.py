"""A page of reviews is a page of one index, whoever asks and however many there are."""

from alembic import op

revision = "opinions_0002"
down_revision = "opinions_0001"
branch_labels = None
depends_on = None

URGENCY = ["due_at", "case_id"]
BY = {
    "reviews_by_due": [],
    "reviews_by_state": ["state"],
    "reviews_by_specialist": ["specialist_id"],
    "reviews_by_specialist_and_state": ["specialist_id", "state"],
}


def upgrade() -> None:
    for name in ("reviews_by_specialist", "reviews_by_state"):
        op.drop_index(name, "reviews")
    for name, first in BY.items():
        op.create_index(name, "reviews", [*first, *URGENCY])


def downgrade() -> None:
    for name in BY:
        op.drop_index(name, "reviews")
    op.create_index("reviews_by_specialist", "reviews", ["specialist_id", "state"])
    op.create_index("reviews_by_state", "reviews", ["state", "due_at"])
