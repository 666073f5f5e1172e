"""When a server is awake, asleep, restarted and maintained; a vote keeps it open"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0007"
down_revision = "0006"
OLDEST_CODE = "0006"  # older code leaves these columns alone: no schedule is carried out while it is the one that acts

MOMENTS = ("vote_until", "schedule_at", "awake_until", "restart_by")


def upgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        batch_op.add_column(
            sa.Column("schedule", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("schedule_zone", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        for name in MOMENTS:
            batch_op.add_column(sa.Column(name, sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        for name in ("schedule", "schedule_zone", *MOMENTS):
            batch_op.drop_column(name)
