"""What a guild offers, how much may run at once, quotas of members and roles, whether player names are shown"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0010"
down_revision = "0009"
OLDEST_CODE = "0006"  # older code leaves these alone: it knows no such limit while it is the one that acts


def upgrade() -> None:
    with op.batch_alter_table("guilds") as batch_op:
        batch_op.add_column(sa.Column("memory", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("player_names", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("games_withheld", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "quotas",
        sa.Column("guild", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("servers", sa.Integer(), nullable=True),
        sa.Column("memory", sa.Integer(), nullable=True),
        sa.Column("storage", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("guild", "target", name="pk_quotas"),
    )


def downgrade() -> None:
    op.drop_table("quotas")
    with op.batch_alter_table("guilds") as batch_op:
        for name in ("games_withheld", "player_names", "memory"):
            batch_op.drop_column(name)
