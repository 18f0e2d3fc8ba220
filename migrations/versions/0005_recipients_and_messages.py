"""recipients and messages"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_recipients()
    create_messages()
    create_upkeep()


def create_recipients() -> None:
    for table, name in (("recipients", "external_id"), ("recipient_groups", "name")):
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column(name, sa.String(200), nullable=False),
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.UniqueConstraint(name, name=f"uq_{table}_{name}"),
            sqlite_autoincrement=True,
        )
    op.create_table(
        "group_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "recipient_id", name="pk_group_members"),
        foreign_key("group_members", "group_id", "recipient_groups"),
        foreign_key("group_members", "recipient_id", "recipients"),
    )
    op.create_index("ix_group_members_recipient_id", "group_members", ["recipient_id"])


def create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_table(
        "deliveries",
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("message_id", "recipient_id", name="pk_deliveries"),
        foreign_key("deliveries", "message_id", "messages"),
        foreign_key("deliveries", "recipient_id", "recipients"),
    )
    op.create_index("ix_deliveries_inbox", "deliveries", ["recipient_id", "message_id"])
    create_index("ix_deliveries_unread", "deliveries", ["recipient_id", "message_id"], "read_at IS NULL")
    create_index("ix_deliveries_read", "deliveries", ["read_at"], "read_at IS NOT NULL")
    create_index("ix_messages_unpublished", "messages", ["created_at"], "published_at IS NULL")


def create_upkeep() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "revoked_subscribers",
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("external_id", name="pk_revoked_subscribers"),
    )
    op.create_index("ix_revoked_subscribers_expires_at", "revoked_subscribers", ["expires_at"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def create_index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def foreign_key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    tables = ("leases", "revoked_subscribers", "idempotency_keys", "deliveries", "messages")
    for table in (*tables, "group_members", "recipient_groups", "recipients"):
        op.drop_table(table)
