"""Alembic's entry: runs the steps on the connection that :mod:`bot.record.migrating` opened."""

from __future__ import annotations

from alembic import context

from bot.record.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
