"""Who somebody is at an OpenID provider, sign-ins that are on their way, and what guilds make of it"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0017"
down_revision = "0016"
OLDEST_CODE = "0006"  # older code leaves these alone, and judges by Discord's roles as before


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("issuer", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("user_name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("organisation", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("told_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("linked_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
        sa.UniqueConstraint("user", name=op.f("uq_identities_user")),
    )
    op.create_table(
        "flows",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("browser", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("linking", sa.Boolean(), nullable=False),
        sa.Column("then", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_flows")),
    )
    with op.batch_alter_table("flows") as batch_op:
        batch_op.create_index(op.f("ix_flows_created_at"), ["created_at"], unique=False)
    with op.batch_alter_table("guilds") as batch_op:
        batch_op.add_column(sa.Column("link_to_create", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("entra_admin", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("entra_create", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("guilds") as batch_op:
        for column in ("entra_create", "entra_admin", "link_to_create"):
            batch_op.drop_column(column)
    for table in ("flows", "identities"):
        op.drop_table(table)
