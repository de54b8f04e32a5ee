"""A house whose database is lost and put back from its copy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import copies
from tests.databases import Store
from tests.front_door import FrontDoor, front_door
from tests.person import Person
from tests.postgresql import Cluster
from tests.promises.states import put_cookie
from vestibule.bootstrap import mark_of
from vestibule.flows.pulse import Mark
from vestibule.settings import Settings
from vestibule.storage.database import connect


@dataclass
class Disaster:
    """A database, the machine's folder, and what is put back in its place."""

    store: Store
    cluster: Cluster | None
    folder: Path

    @property
    def mark(self) -> Mark:
        return mark_of(Settings(data=self.folder))

    @property
    def copy(self) -> Path:
        return self.folder / "copy"

    async def back_up(self, house: FrontDoor) -> None:
        """As an operator would; and then the house lives for a minute more."""
        await copies.back_up(self.store.url, self.copy, self.folder)
        await house.built.beating.beat()

    async def put_back(self) -> str:
        """The URL of a new database that is the copy."""
        return await copies.put_back(self.cluster, self.copy, self.folder / "put-back.db")

    async def text(self) -> bytes:
        """All that the copy holds; of PostgreSQL's as SQL, whose bytes are hexadecimal."""
        if self.cluster is None:
            return self.copy.read_bytes()
        return await copies.run("pg_restore", "--file=-", str(self.copy))

    @asynccontextmanager
    async def house_over(self, url: str, *, like: FrontDoor) -> AsyncIterator[FrontDoor]:
        """The same house, at the same moment, over what was put back."""
        database = connect(url)
        same: dict[str, object] = {
            "data": self.folder,
            "root_key_file": self.folder / "root.key",
        }
        try:
            async with front_door(database, self.folder / "again", settings=same) as house:
                house.clock.advance(like.clock() - house.clock())
                yield house
        finally:
            await database.close()


def moved(person: Person, house: FrontDoor) -> Person:
    """The same browser, at the house over the other database."""
    same = house.browser(source="198.51.100.9")
    for one in person.client.cookies.jar:
        put_cookie(same, one.name, str(one.value))
    same.page, same.response = person.page, person.response
    return same
