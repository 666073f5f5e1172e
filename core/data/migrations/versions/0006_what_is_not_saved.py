"""What is not saved: what the newest snapshot lacks, and since when and why there is none of a world as it is"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0006"
down_revision = "0005"
OLDEST_CODE = "0006"  # older code cannot read the problems that servers have since: of nodes, ports and agents


def upgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        batch_op.add_column(sa.Column("saved_gaps", sa.JSON(), nullable=False, server_default="{}"))
        batch_op.add_column(sa.Column("unsaved_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("unsaved_why", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )


def downgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        batch_op.drop_column("unsaved_why")
        batch_op.drop_column("unsaved_since")
        batch_op.drop_column("saved_gaps")
