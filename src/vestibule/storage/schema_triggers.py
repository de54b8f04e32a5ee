"""What no CHECK can say, as triggers in each database's own words: 2FA has no way off (EF-02).

A part of `schema`. Nothing else belongs into a trigger: rules are the domain's.
"""

_DEFAULT_IS_ENDED = """SELECT 1 FROM accounts a
        JOIN ended_authenticators e ON e.authenticator_id = a.default_authenticator_id
        LEFT JOIN safeguards s ON s.account_id = a.id
        WHERE a.id = {0} AND s.reset_required_at IS NULL"""


def _sqlite_default_stays_usable(event: str, account: str) -> str:
    """One trigger for each statement that could leave an account without a usable default."""
    name = "default_stays_usable_" + event.split()[0].lower() + "_" + event.split()[-1]
    return f"""CREATE TRIGGER {name}
AFTER {event}
WHEN EXISTS ({_DEFAULT_IS_ENDED.format(account)})
BEGIN
    SELECT RAISE(ABORT, 'the method that is asked first must prove something');
END"""


def _postgresql_default_stays_usable(event: str) -> str:
    name = "default_stays_usable_" + event.split()[0].lower() + "_" + event.split()[-1]
    return f"""CREATE TRIGGER {name}
AFTER {event}
FOR EACH ROW EXECUTE FUNCTION default_stays_usable()"""


_EVENTS = {
    "INSERT ON ended_authenticators": "NEW.account_id",
    "UPDATE OF default_authenticator_id ON accounts": "NEW.id",
    "UPDATE OF reset_required_at ON safeguards": "NEW.account_id",
    "DELETE ON safeguards": "OLD.account_id",
}

_STAYS_CLOSED = "a closed account stays closed"
_IS_CLOSED = """EXISTS (SELECT 1 FROM safeguards s
    WHERE s.account_id = NEW.account_id AND s.closed_at IS NOT NULL)"""
_WAS_CLOSED = {"UPDATE OF account_id, closed_at": "OLD.closed_at IS NOT NULL",
               "DELETE": "OLD.closed_at IS NOT NULL"}  # fmt: skip
_NEVER_AGAIN = ("authenticators", "passwords", "sessions")
"""What would open a closed account."""


def _sqlite_stays_closed(event: str, table: str, when: str) -> str:
    return f"""CREATE TRIGGER {table}_stay_closed_{event.split()[0].lower()}
BEFORE {event} ON {table}
WHEN {when}
BEGIN
    SELECT RAISE(ABORT, '{_STAYS_CLOSED}');
END"""


def _postgresql_stays_closed(event: str, table: str, when: str = "") -> str:
    condition = f" WHEN ({when})" if when else ""
    called = "stays_closed" if when else "is_not_closed"
    return f"""CREATE TRIGGER {table}_stay_closed_{event.split()[0].lower()}
BEFORE {event} ON {table}
FOR EACH ROW{condition} EXECUTE FUNCTION {called}()"""


TRIGGERS: dict[str, list[str]] = {
    "sqlite": [
        """CREATE TRIGGER accounts_stay_enrolled
BEFORE UPDATE OF enrolled_at ON accounts
WHEN OLD.enrolled_at IS NOT NULL AND NEW.enrolled_at IS NULL
BEGIN
    SELECT RAISE(ABORT, 'two-factor authentication cannot be switched off');
END""",
        *(_sqlite_default_stays_usable(*one) for one in _EVENTS.items()),
        *(_sqlite_stays_closed(event, "safeguards", when) for event, when in _WAS_CLOSED.items()),
        *(_sqlite_stays_closed("INSERT", table, _IS_CLOSED) for table in _NEVER_AGAIN),
    ],
    "postgresql": [
        """CREATE FUNCTION accounts_stay_enrolled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'two-factor authentication cannot be switched off'
        USING ERRCODE = 'check_violation';
END $$""",
        """CREATE TRIGGER accounts_stay_enrolled
BEFORE UPDATE OF enrolled_at ON accounts
FOR EACH ROW WHEN (OLD.enrolled_at IS NOT NULL AND NEW.enrolled_at IS NULL)
EXECUTE FUNCTION accounts_stay_enrolled()""",
        f"""CREATE FUNCTION default_stays_usable() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched jsonb := to_jsonb(COALESCE(NEW, OLD));
BEGIN
    IF EXISTS ({_DEFAULT_IS_ENDED.format("COALESCE(touched->>'account_id', touched->>'id')")}) THEN
        RAISE EXCEPTION 'the method that is asked first must prove something'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$""",
        *(_postgresql_default_stays_usable(event) for event in _EVENTS),
        f"""CREATE FUNCTION stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{_STAYS_CLOSED}' USING ERRCODE = 'check_violation';
END $$""",
        f"""CREATE FUNCTION is_not_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {_IS_CLOSED} THEN
        RAISE EXCEPTION '{_STAYS_CLOSED}' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$""",
        *(
            _postgresql_stays_closed(event, "safeguards", when)
            for event, when in _WAS_CLOSED.items()
        ),
        *(_postgresql_stays_closed("INSERT", table) for table in _NEVER_AGAIN),
    ],
}
"""EF-02 in either dialect's words: enrolment has no way back, and the method that is asked first is
usable, except between "not me" and the reset that answers it, when a reset or a recovery is all
that is open. SE-09: what is closed has no way back either.
"""
