"""concepts"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "concepts",
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("user_uuid", sa.String(36), nullable=False),
        sa.Column("ad_archive_id", sa.String(200), nullable=False),
        sa.Column("image_url", sa.Text(), nullable=False),
        sa.Column("task_id", sa.String(200), nullable=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("concept_json", sa.Text(), nullable=True),
        sa.Column("error", sa.String(200), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name="pk_concepts"),
        sa.UniqueConstraint("user_uuid", "ad_archive_id", name="uq_concepts_user_uuid"),
        sa.ForeignKeyConstraint(
            ["user_uuid"], ["users.uuid"], name="fk_concepts_user_uuid_users", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "concept_jobs",
        sa.Column("concept_uuid", sa.String(36), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(32), nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("submitted_at", sa.Double(), nullable=True),
        sa.Column("resubmissions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("concept_uuid", name="pk_concept_jobs"),
        sa.ForeignKeyConstraint(
            ["concept_uuid"],
            ["concepts.uuid"],
            name="fk_concept_jobs_concept_uuid_concepts",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_concept_jobs_lease_until", "concept_jobs", ["lease_until"])


def downgrade() -> None:
    op.drop_table("concept_jobs")
    op.drop_table("concepts")
