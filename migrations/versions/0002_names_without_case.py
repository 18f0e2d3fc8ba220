"""names without their case"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_users_name_lower", "users", [sa.text("lower(name)")])


def downgrade() -> None:
    op.drop_index("ix_users_name_lower", "users")
