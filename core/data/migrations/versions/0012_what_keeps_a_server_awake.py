"""What a guild has planned on its servers; how many are in the voice channel that a server watches"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0012"
down_revision = "0011"
OLDEST_CODE = "0006"  # older code leaves these alone: no occasion keeps a server on while it is the one that acts

Text, Moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "occasions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("guild", sa.BigInteger(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("place", Text(), nullable=False),
        sa.Column("place_key", Text(), nullable=False),
        sa.Column("starts", Moment(), nullable=False),
        sa.Column("ends", Moment(), nullable=True),
        sa.Column("creator", sa.BigInteger(), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("manages", sa.Boolean(), nullable=False),
        sa.Column("stranger", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occasions")),
    )
    op.create_index(op.f("ix_occasions_guild"), "occasions", ["guild"])
    with op.batch_alter_table("servers") as batch_op:
        batch_op.add_column(sa.Column("occasion", Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("occasion_from", Moment(), nullable=True))
        batch_op.add_column(sa.Column("occasion_until", Moment(), nullable=True))
        batch_op.add_column(sa.Column("voice_online", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        for name in ("voice_online", "occasion_until", "occasion_from", "occasion"):
            batch_op.drop_column(name)
    op.drop_index(op.f("ix_occasions_guild"), table_name="occasions")
    op.drop_table("occasions")
