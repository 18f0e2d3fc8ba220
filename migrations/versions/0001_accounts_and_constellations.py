"""accounts and constellations"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_accounts()
    create_constellations()
    create_folders()
    create_files()
    create_comments()


def create_accounts() -> None:
    op.create_table(
        "users",
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("name", sa.String(254), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("token_version", sa.Integer(), nullable=False),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", sa.String(36), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("jti", name="pk_revoked_tokens"),
    )
    op.create_index("ix_revoked_tokens_expires_at", "revoked_tokens", ["expires_at"])


def create_constellations() -> None:
    op.create_table(
        "constellations",
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("description", sa.String(2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name="pk_constellations"),
    )
    op.create_table(
        "memberships",
        sa.Column("constellation_uuid", sa.String(36), nullable=False),
        sa.Column("user_uuid", sa.String(36), nullable=False),
        sa.Column("rights", sa.Integer(), nullable=False),
        sa.CheckConstraint("rights BETWEEN 1 AND 4", name="ck_memberships_rights"),
        sa.PrimaryKeyConstraint("constellation_uuid", "user_uuid", name="pk_memberships"),
        foreign_key("memberships", "constellation_uuid", "constellations"),
        foreign_key("memberships", "user_uuid", "users"),
    )
    op.create_index("ix_memberships_user_uuid", "memberships", ["user_uuid"])


def create_folders() -> None:
    op.create_table(
        "folders",
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("constellation_uuid", sa.String(36), nullable=False),
        sa.Column("parent_uuid", sa.String(36), nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name="pk_folders"),
        foreign_key("folders", "constellation_uuid", "constellations"),
        foreign_key("folders", "parent_uuid", "folders"),
    )
    op.create_index("ix_folders_constellation_uuid", "folders", ["constellation_uuid"])
    op.create_index("ix_folders_parent_uuid", "folders", ["parent_uuid"])
    is_root = sa.text("parent_uuid IS NULL")
    op.create_index(
        "uq_folders_root",
        "folders",
        ["constellation_uuid"],
        unique=True,
        sqlite_where=is_root,
        postgresql_where=is_root,
    )


def create_files() -> None:
    op.create_table(
        "files",
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("constellation_uuid", sa.String(36), nullable=False),
        sa.Column("folder_uuid", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name="pk_files"),
        foreign_key("files", "constellation_uuid", "constellations"),
        foreign_key("files", "folder_uuid", "folders"),
    )
    op.create_index("ix_files_constellation_uuid", "files", ["constellation_uuid"])
    op.create_index("ix_files_folder_uuid", "files", ["folder_uuid"])


def create_comments() -> None:
    op.create_table(
        "comments",
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("file_uuid", sa.String(36), nullable=False),
        sa.Column("author_uuid", sa.String(36), nullable=True),
        sa.Column("parent_uuid", sa.String(36), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name="pk_comments"),
        foreign_key("comments", "file_uuid", "files"),
        foreign_key("comments", "author_uuid", "users", "SET NULL"),
        foreign_key("comments", "parent_uuid", "comments"),
    )
    op.create_index("ix_comments_file_uuid", "comments", ["file_uuid", "created_at", "uuid"])
    op.create_index("ix_comments_author_uuid", "comments", ["author_uuid"])
    op.create_index("ix_comments_parent_uuid", "comments", ["parent_uuid"])


def foreign_key(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.uuid"], name=name, ondelete=ondelete)


def downgrade() -> None:
    for table in ("comments", "files", "folders", "memberships", "constellations", "revoked_tokens", "users"):
        op.drop_table(table)
