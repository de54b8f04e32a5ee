"""What a command leaves in this process goes when its test ends."""

import logging
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _lines_end_with_the_command() -> Iterator[None]:
    """A command writes its lines to the runner's own stream, which is closed after it; one that
    serves or works takes over what Python's logging is told."""
    before = logging.getLogger().handlers
    yield
    logging.getLogger().handlers = before
    structlog.reset_defaults()
