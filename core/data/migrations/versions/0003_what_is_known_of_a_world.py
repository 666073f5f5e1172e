"""What is known of a world: its volume, its newest snapshot, and those to go back to"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0003"
down_revision = "0002"
OLDEST_CODE = "0003"

TEXTS = ("saved_name", "good", "undo_to", "sealed")
COUNTS = ("bound", "saved_new", "stored_bytes")


def upgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        for name in TEXTS:
            batch_op.add_column(sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        for name in COUNTS:
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        for name in (*TEXTS, *COUNTS):
            batch_op.drop_column(name)
