"""Who played, and how many, and when"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0013"
down_revision = "0012"
OLDEST_CODE = "0006"  # older code leaves these alone: nothing is kept of who plays while it is the one that acts

Text, Moment = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
OF_PHASES = "kind IN ('phase', 'paused', 'resumed', 'restarted', 'deleted', 'undeleted', 'archive_asked', 'purged')"
OPEN = "ended IS NULL"


def upgrade() -> None:
    op.create_table(
        "play_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server", Text(), nullable=False),
        sa.Column("name", Text(), nullable=False),
        sa.Column("began", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.Column("began_seen", sa.Boolean(), nullable=False),
        sa.Column("ended_seen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server"], ["servers.id"], name=op.f("fk_play_sessions_server_servers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_play_sessions")),
    )
    op.create_index(
        "uq_play_sessions_open",
        "play_sessions",
        ["server", "name"],
        unique=True,
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )
    op.create_index("ix_play_sessions_ended", "play_sessions", ["server", "ended"])
    op.create_table(
        "activity_buckets",
        sa.Column("server", Text(), nullable=False),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("cpu", sa.Integer(), nullable=False),
        sa.Column("memory", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["server"], ["servers.id"], name=op.f("fk_activity_buckets_server_servers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("server", "span", "start", name=op.f("pk_activity_buckets")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_events_phases",
        "events",
        ["server", "at"],
        sqlite_where=sa.text(OF_PHASES),
        postgresql_where=sa.text(OF_PHASES),
    )


def downgrade() -> None:
    op.drop_index("ix_events_phases", table_name="events")
    op.drop_table("activity_buckets")
    op.drop_table("play_sessions")
