"""What usage costs: the price class of each event; an archived server has no volume"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0005"
down_revision = "0004"
OLDEST_CODE = "0005"  # older code counts the volume of an archived server as held


def upgrade() -> None:
    with op.batch_alter_table("events") as batch_op:
        batch_op.add_column(
            sa.Column("price_class", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="standard")
        )
    op.execute("UPDATE servers SET bound = 0 WHERE phase = 'archived'")


def downgrade() -> None:
    with op.batch_alter_table("events") as batch_op:
        batch_op.drop_column("price_class")
