"""The attacker model for as long as one likes: `python -m tests.model --minutes 30 --seed 1`.

Prints what was gone through after each part; a failure is shrunk, printed with the calls that lead
to it and a blob that repeats it, and ends the run with status 1.
"""

import argparse
import sys
from collections import Counter
from contextlib import redirect_stdout
from datetime import timedelta
from os import devnull
from pathlib import Path

from tests.model.databases import PostgresqlDatabases, SqliteFiles
from tests.model.playing import play
from tests.postgresql import shared_cluster
from vestibule.clock import SystemClock

EXAMPLES = 5
"""Runs of one part: after each the time is looked at."""


def main() -> None:
    asked = _asked()
    if asked.database == "sqlite":
        _deep(SqliteFiles(), asked)
        return
    with shared_cluster() as cluster:
        _deep(PostgresqlDatabases(cluster), asked)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    return parser.parse_args()


def _deep(databases: SqliteFiles | PostgresqlDatabases, asked: argparse.Namespace) -> None:
    clock, tally, runs = SystemClock(), Counter[str](), 0
    until = clock() + timedelta(minutes=asked.minutes)
    while clock() < until:
        # The house's journal goes to standard output; what is said here must be found in it.
        with Path(devnull).open("w") as nowhere, redirect_stdout(nowhere):
            play(databases, tally, examples=EXAMPLES, steps=asked.steps, seed=asked.seed + runs)
        runs += 1
        sys.stdout.write(f"{runs * EXAMPLES} runs from seed {asked.seed}, {asked.database}\n")
    for name, count in sorted(tally.items()):
        sys.stdout.write(f"{count:8} {name}\n")


if __name__ == "__main__":
    main()
