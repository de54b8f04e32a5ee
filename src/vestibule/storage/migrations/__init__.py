"""Alembic's environment and the steps from one schema to the next. The server never imports it."""
