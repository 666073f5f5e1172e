"""Who keeps a server awake: by keep alive, by a vote, by an event"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
OLDEST_CODE = "0006"  # older code leaves these alone: it names somebody else, or nobody, while it is the one that acts

NAMES = ("keep_by", "vote_by", "occasion_by")


def upgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        for name in NAMES:
            batch_op.add_column(sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("servers") as batch_op:
        for name in NAMES:
            batch_op.drop_column(name)
