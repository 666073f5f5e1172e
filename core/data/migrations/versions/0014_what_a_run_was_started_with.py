"""The size and settings with which a server was started, where others were chosen since"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0014"
down_revision = "0013"
OLDEST_CODE = "0006"  # older code leaves these alone: the cluster is told at once what the next start takes

Text = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        batch_op.add_column(sa.Column("run_size", Text(), nullable=True))
        batch_op.add_column(sa.Column("run_settings", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        for name in ("run_settings", "run_size"):
            batch_op.drop_column(name)
