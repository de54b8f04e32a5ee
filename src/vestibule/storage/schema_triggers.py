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

TRIGGERS: dict[str, list[str]] = {
    "sqlite": [
        """CREATE TRIGGER accounts_stay_enrolled
BEFORE UPDATE OF enrolled_at ON accounts
WHEN OLD.enrolled_at IS NOT NULL AND NEW.enrolled_at IS NULL
BEGIN
    SELECT RAISE(ABORT, 'two-factor authentication cannot be switched off');
END""",
        *(_sqlite_default_stays_usable(*one) for one in _EVENTS.items()),
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
    ],
}
"""EF-02 in either dialect's words: enrolment has no way back, and the method that is asked first is
usable, except between "not me" and the reset that answers it, when a reset or a recovery is all
that is open.
"""
