"""Whom a server is offered to, and until when"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0008"
down_revision = "0007"
OLDEST_CODE = "0006"  # older code leaves these columns alone: no offer is taken while it is the one that acts


def upgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        batch_op.add_column(sa.Column("offered_to", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("offered_until", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        batch_op.drop_column("offered_until")
        batch_op.drop_column("offered_to")
