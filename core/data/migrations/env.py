"""Alembic's environment: runs on the connection that core.data.database hands over."""

from typing import Any

from alembic import context
from sqlmodel import SQLModel

import core.data.tables  # noqa: F401 - fills the metadata
from core.data.schema import set_oldest_code


def say_oldest_code(*, ctx: Any, step: Any, **_: object) -> None:
    for migration in step.destination_revisions:
        set_oldest_code(ctx.connection, migration.module.OLDEST_CODE)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,  # the whole upgrade is one transaction, on SQLite too
    on_version_apply=say_oldest_code,  # type: ignore[arg-type]  # alembic names what it gives
)
with context.begin_transaction():
    context.run_migrations()
