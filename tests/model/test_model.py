"""The attacker model, by chance and along chosen ways, on both databases.

`python -m tests.model` runs it for as long as one likes.
"""

from collections import Counter
from datetime import timedelta

import pytest

from tests.figures import Record, note
from tests.model.databases import PostgresqlDatabases, SqliteFiles
from tests.model.everyday import Everyday
from tests.model.machine import LAST_DAY, Model
from tests.model.operator import Databases
from tests.model.playing import play
from tests.model.world import Holding, Kind
from tests.postgresql import Cluster

P, M, N, R = Holding.PASSWORD, Holding.MAILBOX, Holding.NUMBER, Holding.PAPER
S = Holding.SECOND
HOUR, DAY = timedelta(hours=1), timedelta(hours=25)


@pytest.fixture
def databases(_cluster: Cluster | None) -> Databases:
    """Where runs get their databases from: once SQLite, once PostgreSQL."""
    return SqliteFiles() if _cluster is None else PostgresqlDatabases(_cluster)


ATTACKS = ("wrong password", "unasked reset", "guesses at once", "replay refused", "sends used up")
"""What the attackers' steps are counted as, besides each guess and what they begin inside."""


def _note(record: Record, tally: Counter[str]) -> None:
    guesses = sum(count for name, count in tally.items() if name.startswith("guess of"))
    by_thieves = [name for name in tally if "attacker" in name or "thief" in name]
    note(
        record,
        attacks=guesses + sum(tally[name] for name in (*ATTACKS, *by_thieves)),
        requests=tally["requests"],
        compared=guesses,
        confirmed=tally["owner signed in"],
        lost=0,
    )


def test_no_sequence_breaks_an_invariant(databases: Databases, record_property: Record) -> None:
    """D.6, RL-05, RL-06, RL-12: chosen by chance from a fixed seed, no order of acts does."""
    tally = Counter[str]()

    play(databases, tally, examples=5, steps=25)

    _note(record_property, tally)


def _password(run: Model) -> None:
    run.begin(kind=Kind.PHONE, plot=frozenset({P}))
    run.steal(which=0)
    run.owner_signs_in(mistyped=2)
    run.password_holder_guesses_at_once(times=8)
    run.password_holder_replays(back=0)
    run.password_holder_guesses_recovery_codes(times=3)
    run.wait(by=DAY, restarts=True)
    run.operator_changes_the_root_key()
    run.password_holder_guesses(times=40, other=1, is_patient=True)
    run.owner_signs_in(mistyped=0)
    run.wait(by=DAY, restarts=False)


def _year(run: Model) -> None:
    run.begin(kind=Kind.APP, plot=frozenset({P}))
    run.steal(which=0)
    run.password_holder_guesses_at_once(times=8)
    run.password_holder_guesses(times=12, other=0, is_patient=False)
    run.owner_signs_in(mistyped=0)
    run.password_holder_replays(back=0)
    run.wait(by=timedelta(days=8), restarts=False)
    for _ in range(3):
        run.password_holder_guesses(times=22, other=0, is_patient=True)
        run.owner_signs_in(mistyped=0)
    run.password_holder_guesses(times=5, other=0, is_patient=False)
    run.wait(by=timedelta(days=366), restarts=False)
    run.password_holder_guesses(times=12, other=0, is_patient=False)


def _texts(run: Model) -> None:
    run.begin(kind=Kind.PHONE, plot=frozenset({P}))
    run.steal(which=0)
    run.password_holder_uses_up_sends(times=12)
    run.owner_signs_in(mistyped=0)


def _demanded(run: Model) -> None:
    run.begin(kind=Kind.PHONE, plot=frozenset({P, N}))
    run.steal(which=0)
    run.steal(which=0)
    run.password_holder_guesses(times=40, other=1, is_patient=True)
    run.wait(by=DAY, restarts=False)
    run.swapper_with_password_enters(mistyped=0)
    run.swapper_is_inside(does=0)


def _mailbox(run: Model) -> None:
    run.begin(kind=Kind.BOTH, plot=frozenset({M}))
    run.steal(which=0)
    run.owner_does(does=Everyday.change_password)
    run.owner_does(does=Everyday.come_in_elsewhere)
    for which in range(3):
        run.thief_of_the_mailbox_presses_a_link(which=which)
        run.thief_of_the_mailbox_resets(guesses=2)
    run.owner_signs_in(mistyped=0)
    run.thief_of_the_mailbox_presses_a_link(which=1)


def _number(run: Model) -> None:
    run.begin(kind=Kind.PHONE, plot=frozenset({M, N}))
    run.owner_does(does=Everyday.change_password)
    run.steal(which=0)
    run.steal(which=0)
    run.swapper_answers_a_text(which=0)
    run.wait(by=HOUR, restarts=False)
    run.thief_of_the_mailbox_resets(guesses=0)
    run.wait(by=DAY, restarts=False)


def _barrier(run: Model) -> None:
    run.begin(kind=Kind.PHONE, plot=frozenset({M, N}))
    run.owner_does(does=Everyday.change_password)
    run.steal(which=0)
    run.steal(which=0)
    run.owner_signs_in(mistyped=0)
    for which in range(7):
        run.thief_of_the_mailbox_presses_a_link(which=which)


def _both_factors(run: Model) -> None:
    run.begin(kind=Kind.BOTH, plot=frozenset({P, N}))
    run.steal(which=0)
    run.steal(which=0)
    run.owner_signs_in(mistyped=0)
    run.swapper_with_password_enters(mistyped=3)
    run.swapper_is_inside(does=1)
    run.swapper_is_inside(does=0)
    run.wait(by=DAY, restarts=False)
    run.swapper_with_password_enters(mistyped=0)
    run.swapper_is_inside(does=1)


def _paper(run: Model) -> None:
    run.begin(kind=Kind.APP, plot=frozenset({R}))
    run.steal(which=0)
    run.thief_of_the_paper_tries_it()
    run.stranger_guesses_passwords(times=8)
    run.owner_signs_in(mistyped=0)
    run.stranger_asks_resets(times=5)
    run.owner_does(does=Everyday.recover)
    run.owner_answers_a_notice(which=0)


def _restored(run: Model) -> None:
    run.begin(kind=Kind.BOTH, plot=frozenset({P, N}))
    run.steal(which=1)
    run.operator_copies_the_database()
    run.password_holder_guesses(times=22, other=2, is_patient=True)
    run.owner_does(does=Everyday.change_password)
    run.owner_does(does=Everyday.replace_paper)
    run.operator_restores_a_copy(which=0)
    run.password_holder_guesses(times=5, other=0, is_patient=True)
    run.password_holder_replays(back=0)
    run.steal(which=0)
    run.wait(by=DAY, restarts=False)
    run.swapper_with_password_enters(mistyped=0)
    run.swapper_is_inside(does=0)
    run.owner_signs_in(mistyped=0)
    run.operator_copies_the_database()
    run.owner_does(does=Everyday.recover)
    run.operator_changes_the_root_key()
    run.operator_restores_a_copy(which=1)
    run.owner_signs_in(mistyped=1)


def _address(run: Model) -> None:
    run.begin(kind=Kind.BOTH, plot=frozenset({M}))
    run.owner_does(does=Everyday.change_address)
    run.stranger_claims_addresses(which=0)
    run.steal(which=0)
    run.thief_of_the_mailbox_presses_a_link(which=1)
    run.thief_of_the_mailbox_resets(guesses=1)
    run.owner_signs_in(mistyped=0)
    run.wait(by=timedelta(days=8), restarts=False)
    run.stranger_claims_addresses(which=0)
    run.owner_does(does=Everyday.change_name)


def _closing(run: Model) -> None:
    run.begin(kind=Kind.BOTH, plot=frozenset({P, M, N}))
    run.owner_does(does=Everyday.ask_closing)
    run.wait(by=timedelta(days=8), restarts=False)
    for _ in range(3):
        run.steal(which=0)
    run.swapper_with_password_enters(mistyped=0)
    run.swapper_is_inside(does=1)
    run.owner_does(does=Everyday.ask_closing)
    run.thief_of_the_mailbox_presses_a_link(which=0)
    run.owner_signs_in(mistyped=0)
    run.owner_means_it = True
    run.wait(by=timedelta(days=8), restarts=False)
    run.owner_does(does=Everyday.ask_closing)
    run.wait(by=timedelta(days=8), restarts=True)
    run.password_holder_guesses(times=5, other=0, is_patient=False)
    run.thief_of_the_mailbox_resets(guesses=1)
    run.thief_of_the_mailbox_presses_a_link(which=2)
    run.swapper_answers_a_text(which=0)
    run.wait(by=timedelta(days=8), restarts=False)


def _second(run: Model) -> None:
    run.begin(kind=Kind.BOTH, plot=frozenset({S}))
    run.owner_does(does=Everyday.set_second)
    run.owner_does(does=Everyday.add_another_app)
    run.steal(which=0)
    for which in range(2):
        run.thief_of_the_second_mailbox_presses_a_link(which=which)
    run.thief_of_the_second_mailbox_tries_doors()
    run.owner_does(does=Everyday.set_second)
    run.owner_does(does=Everyday.ask_closing)
    run.thief_of_the_second_mailbox_presses_a_link(which=0)
    run.owner_does(does=Everyday.remove_second)
    run.owner_does(does=Everyday.change_password)
    run.wait(by=timedelta(days=8), restarts=False)
    run.thief_of_the_second_mailbox_presses_a_link(which=0)


def _settings(run: Model) -> None:
    run.begin(kind=Kind.PHONE, plot=frozenset({P, N}))
    run.steal(which=0)
    run.steal(which=0)
    for turn in range(11):
        run.swapper_with_password_enters(mistyped=0)
        run.swapper_guesses_at_settings(times=5 + turn % 3, is_at_once=turn % 2 == 0)
        run.wait(by=DAY, restarts=False)
    run.owner_does(does=Everyday.change_name)


def _others(run: Model) -> None:
    run.begin(kind=Kind.BOTH, plot=frozenset({P, N}))
    run.steal(which=0)
    run.steal(which=0)
    run.owner_signs_in(mistyped=0)
    run.swapper_with_password_enters(mistyped=0)
    run.password_holder_guesses(times=1, other=0, is_patient=False)
    run.owner_ends_other_sessions_at_once()


def _last_day(run: Model) -> None:
    run.begin(kind=Kind.BOTH, plot=frozenset({N}))
    run.owner_does(does=Everyday.add_another_app)
    run.steal(which=0)
    run.wait(by=LAST_DAY, restarts=False)
    run.swapper_answers_a_text(which=0)
    for _ in range(2):
        run.wait(by=DAY, restarts=False)
    run.owner_does(does=Everyday.prove_by_newest_app)
    run.owner_does(does=Everyday.change_name)


def _past_the_week(run: Model) -> None:
    run.begin(kind=Kind.PHONE, plot=frozenset({M}))
    run.owner_does(does=Everyday.change_address)
    run.steal(which=0)
    run.thief_of_the_mailbox_presses_a_link(which=0)
    run.wait(by=LAST_DAY, restarts=False)
    run.owner_does(does=Everyday.reset_elsewhere)
    run.wait(by=DAY, restarts=False)
    run.owner_signs_in(mistyped=0)


REACHED = {
    _password: {"guess of 6 digits", "guess of 10 digits"}
    | {"attacker was paused", "replay refused", "guesses at once", "restarted", "rotated"}
    | {"owner mistyped", "owner entered ten digits", "told of 10 strikes", "told of 20 strikes"}
    | {"new password demanded"},
    _year: {"two codes demanded", "guess of 12 digits", "owner entered two codes"}
    | {"told of 15 strikes", "told of 50 strikes"},
    _texts: {"sends used up", "owner signed in"},
    _demanded: {"attacker was stopped before the demanded password", "owner recovered"},
    _mailbox: {"not me by a thief of the mailbox", "reset stopped at the second factor"}
    | {"password opened nothing", "owner reset the password", "review answered"},
    _number: {"reset by mail and text waits", "owner stopped a reset", "owner recovered"}
    | {"changes frozen by a text"},
    _barrier: {"owner recovered", "not me by a thief of the mailbox"},
    _both_factors: {"attacker with both factors was inside", "attacker was kept from changes"}
    | {"attacker ended the owner's sessions"},
    _restored: {"copied", "restored", "restore was noticed", "new password demanded"}
    | {
        "owner entered two codes",
        "guess of 10 digits",
        "replay refused",
        "owner changed the password",
    }
    | {"attacker was stopped before the demanded password", "recovery code saved"}
    | {"review answered", "owner signed in"},
    _address: {"owner changed the address", "attacker asked for the owner's address"}
    | {"not me by a thief of the mailbox", "owner reset by the address before"}
    | {"reset stopped at the second factor", "owner changed the name", "review answered"},
    _closing: {"owner asked to close", "owner kept the account", "closed for good"}
    | {"attacker was kept from changes", "not me by a thief of the mailbox"},
    _paper: {"paper alone opened nothing", "wrong password", "unasked reset", "owner recovered"}
    | {"recovery code saved", "not me by the owner"},
    _second: {"owner set a second address", "owner replaced a second address"}
    | {"owner removed the second address", "not me by a thief of the second mailbox"}
    | {"changes frozen by the second mailbox alone", "second address opened nothing"}
    | {"second address was told", "freeze lifted"},
    _settings: {"guess of 6 digits at settings", "guess of 10 digits at settings"}
    | {"guesses at once at settings", "owner opened settings by ten digits"},
    _others: {"owner ended other sessions"},
    _last_day: {"changes frozen by a text", "changes frozen by the number alone"}
    | {"doubted app lifted no freeze"},
    _past_the_week: {"owner's reset waits", "reset that waited has counted"},
}
"""Each way, and the states that it has gone through."""


@pytest.mark.parametrize("way", REACHED)
def test_every_state_is_reached(databases: Databases, way: object, record_property: Record) -> None:
    """D.6: the invariants hold in ten-digit codes, two-code demands, resets and recoveries too."""
    tally = Counter[str]()
    run = Model(databases, tally)
    try:
        way(run)  # type: ignore[operator]  # one of the functions above
    finally:
        run.teardown()

    assert not REACHED[way] - set(tally), dict(tally)  # type: ignore[index]  # as above
    _note(record_property, tally)
