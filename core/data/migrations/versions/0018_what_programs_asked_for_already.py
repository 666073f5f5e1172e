"""What programs asked for already, by the keys that they gave"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0018"
down_revision = "0017"
OLDEST_CODE = "0006"  # older code leaves these alone: it serves no program


def upgrade() -> None:
    op.create_table(
        "request_keys",
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("made", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user", "key", name=op.f("pk_request_keys")),
    )
    with op.batch_alter_table("request_keys") as batch_op:
        batch_op.create_index(op.f("ix_request_keys_at"), ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("request_keys")
