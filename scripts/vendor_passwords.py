"""Makes the shipped list of common passwords from the npm package it comes from.

Run it with the package's tarball: the same tarball gives the same words. It must not fetch.
"""

import gzip
import hashlib
import json
import sys
import tarfile
from pathlib import Path

UPSTREAM = "@zxcvbn-ts/language-common 4.1.3"
UPSTREAM_SHA256 = "bf3027c16c069d7877e25dc8751bc819e10e479afcc5ee1a323eb2ab73129ca9"
DATA = Path("src/vestibule/data")
WORDS = DATA / "common-passwords.txt.gz"
LICENCE = DATA / "common-passwords.LICENSE.txt"


def words(tarball: tarfile.TarFile) -> list[str]:
    """The passwords, most common first."""
    found = json.loads(_text(tarball, "package/src/passwords.json"))
    if not all(isinstance(word, str) and word == word.strip() != "" for word in found):
        raise ValueError("a word that does not fit on a line of its own")
    return [str(word) for word in found]


def packed(lines: list[str]) -> bytes:
    """One word a line, gzipped without name or date, so that equal words are equal files."""
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def _text(tarball: tarfile.TarFile, name: str) -> str:
    member = tarball.extractfile(name)
    if member is None:
        raise ValueError(f"{name} is not a file")
    return member.read().decode()


def main() -> int:
    if len(sys.argv) != 2:
        print(f"usage: python -m scripts.vendor_passwords TARBALL   ({UPSTREAM})")
        return 2
    source = Path(sys.argv[1])
    if hashlib.sha256(source.read_bytes()).hexdigest() != UPSTREAM_SHA256:
        print(f"{source} is not {UPSTREAM}")
        return 1
    with tarfile.open(source) as tarball:
        found = words(tarball)
        licence = _text(tarball, "package/LICENSE.txt")
    WORDS.write_bytes(packed(found))
    LICENCE.write_text(f"{WORDS.name}: the words of {UPSTREAM}\n\n{licence}", encoding="utf-8")
    print(f"{len(found)} words, {WORDS.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
