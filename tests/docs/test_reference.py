"""The reference pages say what the code says."""

import pytest

from scripts.reference import FOLDER, pages


@pytest.mark.parametrize("name", sorted(pages()))
def test_reference_page_is_current(name: str) -> None:
    """Each page is what `python -m scripts.reference` renders now."""
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name]
