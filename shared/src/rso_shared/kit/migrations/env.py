"""Alembic's entry: runs the revisions on the connection that the caller opened."""

from alembic import context

told = context.config.attributes
connection = told["connection"]
context.configure(
    connection=connection,
    version_table=told["version_table"],
    version_table_schema=told["version_table_schema"],
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
