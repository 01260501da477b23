"""Alembic's entrance: the connection comes from `opening.py`."""

from alembic import context

from aval.service.log.opening import VERSION

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False, version_table=VERSION)
context.run_migrations()
