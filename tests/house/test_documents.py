"""Links of the documents lead somewhere."""

from pathlib import Path

import pytest

from scripts.documents import broken_links


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text(
        "# Other\n\n## Two words, twice\n\n## `two` Words\n"
    )
    return tmp_path


def reasons(root: Path, text: str) -> list[str]:
    (root / "docs" / "here.md").write_text(text)
    return [reason for _, _, reason in broken_links(root, ["docs/here.md"])]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a](gone.md)", "gone.md: there is no such file"),
        ("[a](other.md#gone)", "other.md#gone: there is no such heading"),
        ("[a](#gone)", "#gone: there is no such heading"),
        ("![a](images/gone.svg)", "images/gone.svg: there is no such file"),
        ('<img alt="a" src="gone.png">', "gone.png: there is no such file"),
        ("[a]: gone.md", "gone.md: there is no such file"),
        ("[a](../../outside.md)", "../../outside.md: leads out of the repository"),
        ("[a](/docs/other.md)", "/docs/other.md: write it relative to this document"),
    ],
)
def test_links_that_lead_nowhere_are_named(root: Path, text: str, reason: str) -> None:
    """Files, headings, pictures and definitions are followed; the reason is said."""
    assert reasons(root, text) == [reason]


@pytest.mark.parametrize(
    "text",
    [
        "[a](other.md)",
        "[a](other.md#two-words-twice) [b](other.md#two-words)",
        "# Top\n\n[a](#top)",
        "[a](https://example.com/gone) <ann@example.com>",
        "```\n[a](gone.md)\n```\n\n`[a](gone.md)`",
    ],
)
def test_links_that_lead_somewhere_pass(root: Path, text: str) -> None:
    """Existing ends, other sites and code are left alone."""
    assert reasons(root, text) == []


def test_links_are_placed_by_line(root: Path) -> None:
    """Code before a link does not move its line."""
    (root / "docs" / "here.md").write_text("```\ncode\n```\n\n[a](gone.md)\n")

    assert [line for _, line, _ in broken_links(root, ["docs/here.md"])] == [5]
