"""How much a guild may store, for how long, and of what it has been warned"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0004"
down_revision = "0003"
OLDEST_CODE = "0004"


def upgrade() -> None:
    with op.batch_alter_table("guilds") as batch_op:
        batch_op.add_column(sa.Column("storage_bytes", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("retention", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch_op.add_column(sa.Column("storage_told", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("servers") as batch_op:
        batch_op.add_column(sa.Column("world_told", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        batch_op.drop_column("world_told")
    with op.batch_alter_table("guilds") as batch_op:
        for name in ("storage_bytes", "retention", "storage_told"):
            batch_op.drop_column(name)
