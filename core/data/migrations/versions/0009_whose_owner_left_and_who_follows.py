"""Servers whose owner left, and who is told when somebody joins"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0009"
down_revision = "0008"
OLDEST_CODE = "0006"  # older code leaves these alone: nobody is asked or told while it is the one that acts


def upgrade() -> None:
    op.create_table(
        "follows",
        sa.Column("server", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("told_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["server"], ["servers.id"], name=op.f("fk_follows_server_servers"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("server", "user", name=op.f("pk_follows")),
    )
    with op.batch_alter_table("servers") as batch_op:
        batch_op.add_column(sa.Column("owner_gone_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("owner_gone_told", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        batch_op.drop_column("owner_gone_told")
        batch_op.drop_column("owner_gone_since")
    op.drop_table("follows")
