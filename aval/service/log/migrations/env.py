"""Alembic's entrance: the connection comes from `opening.py`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
