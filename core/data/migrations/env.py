"""Alembic's environment: runs on the connection that core.data.database (or `make migration`) hands over."""

from alembic import context
from sqlmodel import SQLModel

import core.data.tables  # noqa: F401 - fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,  # the whole upgrade is one transaction, on SQLite too
)
with context.begin_transaction():
    context.run_migrations()
