"""Carriers call back over the whole house, with the signatures of the real ones."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.carrier.posting import AUTH_TOKEN, VONAGE_SECRET, WEBHOOK_SECRET, Carriers
from tests.databases import _cluster, database, postgresql_cluster, store
from tests.front_door import front_door
from vestibule.storage.database import Database

__all__ = ["_cluster", "database", "postgresql_cluster", "store"]


@pytest.fixture
async def carriers(database: Database, tmp_path: Path) -> AsyncIterator[Carriers]:
    """The house with the secrets of three carriers; the simulator takes the calls."""
    secrets: dict[str, object] = {
        "twilio_auth_token": AUTH_TOKEN,
        "vonage_signature_secret": VONAGE_SECRET,
        "webhook_secret": WEBHOOK_SECRET,
    }
    async with front_door(database, tmp_path, settings=secrets) as house:
        yield Carriers(house)
