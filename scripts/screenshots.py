"""Walks the product and writes its pictures into docs/images: `python -m scripts.screenshots`.

The pictures show a real house that is started for them, with the simulator for a phone. Each is
as large as a window, in few colours, so that all together stay small.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.e2e.chromium import chromium
from tests.e2e.running_house import running_house
from tests.e2e.tour import tour
from tests.e2e.visitor import Visitor, reception

FOLDER = Path(__file__).parents[1] / "docs" / "images"
MOST_BYTES = 150_000


@dataclass(frozen=True)
class Picture:
    """Which page of the walk, and in which window."""

    page: str
    name: str
    width: int = 1280
    height: int = 800
    scheme: Literal["light", "dark"] = "light"


PICTURES = (
    Picture("sign-up", "sign-up"),
    Picture("set-up", "set-up"),
    Picture("phone code", "code"),
    Picture("phone code", "code-narrow", width=360, height=740),
    Picture("app", "app"),
    Picture("recovery code", "recovery-code"),
    Picture("dashboard", "dashboard"),
    Picture("settings, with an app", "settings"),
    Picture("code by text", "code-dark", scheme="dark"),
    Picture("simulator", "simulator", width=1120, height=680),
)


def main() -> int:
    """Write every picture; 1 where one is missing or too large."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = {picture.name for picture in PICTURES}
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        running_house(Path(folder)) as house,
        reception(browser, house) as arrive,
    ):
        for page, visitor in tour(arrive):
            for picture in PICTURES:
                if picture.page == page:
                    take(visitor, picture)
                    wanted.discard(picture.name)
    large = [path.name for path in FOLDER.glob("*.png") if path.stat().st_size > MOST_BYTES]
    print(f"{len(PICTURES) - len(wanted)} pictures in {FOLDER.relative_to(Path.cwd())}")
    for fault in [*(f"missing: {name}" for name in wanted), *(f"too large: {n}" for n in large)]:
        print(fault, file=sys.stderr)
    return 1 if wanted or large else 0


def take(visitor: Visitor, picture: Picture) -> None:
    """One picture of the page as it stands; the walk goes on as if nothing had been."""
    page = visitor.page
    page.emulate_media(color_scheme=picture.scheme, reduced_motion="reduce")
    visitor.widen(picture.width, picture.height)
    page.screenshot(path=FOLDER / f"{picture.name}.png", caret="hide")
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    visitor.widen(1280)


if __name__ == "__main__":
    sys.exit(main())
