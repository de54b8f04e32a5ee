"""The reference pages say what the code says."""

from pathlib import Path

import pytest

from scripts.reference import FOLDER, pages
from vestibule.attack.table import ATTACKS


@pytest.mark.parametrize("name", sorted(pages()))
def test_reference_page_is_current(name: str) -> None:
    """Each page is what `python -m scripts.reference` renders now."""
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name]


@pytest.mark.parametrize("page", ["docs/how-to/attack.md", "CHANGELOG.md"])
def test_pages_count_the_attacks(page: str) -> None:
    """Who reads how many attacks there are reads how many there are."""
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8")

    assert f"tries {len(ATTACKS)} known attacks" in text
