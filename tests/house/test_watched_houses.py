"""Every place that starts a house says how the leak alarm watches it."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
# A house is built in this process, or one of these is started as a process.
_STARTS = re.compile(
    r"\bbuild_house\(|\"vestibule\", \"(?:serve|work|doctor)\""
    r"|\"tests\.(?:faults\.house_process|delivery_step)\""
)
WATCHED = {
    "front_door.py": "searched when its block ends",
    "e2e/running_house.py": "its app is watched, and it is searched before it ends",
    "serving.py": "outputs and database are searched when the processes have ended",
    "faults/processes.py": "`Houses.leaks`: outputs, files and database, by whoever made it",
    "faults/house_process.py": "is what `faults/processes.py` starts",
    "faults/test_rotation.py": "the commands beside a `Houses`, over the database of that",
    "promises/test_delivery_kills.py": "the processes' log is searched for what they handed over",
    "delivery_step.py": "is what `promises/test_delivery_kills.py` starts",
    "promises/test_stored_password.py": "a stronger one over the database and alarm of a `house`",
    "attacks/test_command.py": "the attacker; the servers are those of `serving.py`",
    "cli/test_deliver.py": "serves nobody: one command's database, and a message without a code",
    "simulator/conftest.py": "serves nobody: its telephone alone, over a database without rows",
}
"""Where tests start a house, and who searches it."""
SEARCHED_BY = {
    "faults/trial.py": "await houses.leaks()",
    "model/test_over_http.py": "await houses.leaks()",
    "scanners/test_wapiti.py": "await houses.leaks()",
}
"""Who makes a `Houses`, and that it is searched there."""


def _sources() -> dict[str, str]:
    return {
        str(path.relative_to(TESTS)): path.read_text()
        for path in TESTS.rglob("*.py")
        if path != Path(__file__)
    }


def starting(sources: dict[str, str]) -> set[str]:
    """The files that start a house."""
    return {name for name, text in sources.items() if _STARTS.search(text)}


def test_every_house_is_watched() -> None:
    """AU-02: tests start houses in these places only, each of which is searched for secrets."""
    sources = _sources()

    assert starting(sources) == set(WATCHED)
    made = {name for name, text in sources.items() if re.search(r"= Houses\(", text)}
    assert made == set(SEARCHED_BY)
    assert [name for name, said in SEARCHED_BY.items() if said not in sources[name]] == []


def test_a_new_place_is_found() -> None:
    """AU-02: a house that a test builds or starts as a process is found, whoever it is."""
    ways = (
        "built = build_house(settings)",
        'command = [sys.executable, "-m", "vestibule", "serve"]',
        'arguments = ("-m", "tests.delivery_step", step)',
    )

    found = starting({str(turn): text for turn, text in enumerate(ways)})

    assert len(found) == len(ways)
    assert starting({"other.py": "front_door(database, folder)"}) == set()
