"""Render the page on sign-in states from the machine's own table.

`python -m scripts.sign_in_states` writes it; a test holds the page to what is rendered.
"""

from pathlib import Path

from vestibule.domain.sign_in import TABLE, EvidenceName, Reason, StateName

PAGE = Path("docs/explanation/sign-in-states.md")

_BEFORE = """\
# Sign-in states

<!-- Rendered by `python -m scripts.sign_in_states`; change the table in
     src/vestibule/domain/sign_in.py, not this page. -->

A sign-in is a small machine. It begins after the right password, or with a passkey before any,
moves when something is proven, and ends as **Complete**: only then is there a session. Every way
in passes the same function, `advance(state, evidence)`, and a completed sign-in cannot even be
built without two distinct factors, or one passkey that verified its user.

"""

_AFTER_DIAGRAM = """
## The states

Help and sign-out are open in every state.

| state | what is proven | what else is open |
| --- | --- | --- |
"""

_MEANING = {
    StateName.START: ("nothing", "the password's door, which begins another state"),
    StateName.AWAITING_SECOND_FACTOR: ("the password", "proving what is bound to the account"),
    StateName.AWAITING_ENROLLMENT: (
        "the password; nothing is bound yet",
        "the code mailed to the account's address",
    ),
    StateName.ENROLLMENT_CONFIRMED: (
        "the password and the address; nothing is bound yet",
        "setting up two-factor authentication",
    ),
    StateName.AWAITING_REPLACEMENT: (
        "the password and the recovery code, which is used up",
        "binding a new phone, app or passkey",
    ),
    StateName.COMPLETE: (
        "the password and a second factor, or a passkey that verified its user",
        "everything the account may do",
    ),
}

_STARTS = {
    StateName.START: "no password",
    StateName.AWAITING_SECOND_FACTOR: "password",
    StateName.AWAITING_ENROLLMENT: "password, nothing bound",
    StateName.ENROLLMENT_CONFIRMED: "sign-up verified",
}

_BEFORE_TABLE = """
## What moves them

"""

_AFTER = """
A dash means that the evidence moves nothing; its reason stands beside it. A refusal leaves the
state as it was.

| reason | why |
| --- | --- |
"""

_WHY = {
    Reason.NOT_A_FACTOR: "A mailbox is no second factor: its code opens doors, never the last.",
    Reason.NOT_EXPECTED: "The state does not wait for this. Above all, somebody who knows only the "
    "password cannot add a factor of their own.",
    Reason.EMAIL_NOT_CONFIRMED: "The code mailed to the account's address comes first.",
    Reason.ALREADY_COMPLETE: "A completed sign-in accepts nothing more.",
}


def render() -> str:
    """The whole page, as Markdown."""
    states = [[name.value, *_MEANING[name]] for name in StateName]
    table = [
        ["state \\ evidence", *(name.value for name in EvidenceName)],
        ["---"] * (len(EvidenceName) + 1),
        *([name.value, *(_cell(row[e]) for e in EvidenceName)] for name, row in TABLE.items()),
    ]
    reasons = [[_words(reason), _WHY[reason]] for reason in Reason]
    return "".join(
        [
            _BEFORE,
            _diagram(),
            _AFTER_DIAGRAM,
            _rows(states),
            _BEFORE_TABLE,
            _rows(table),
            _AFTER,
            _rows(reasons),
        ]
    )


def _rows(rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _diagram() -> str:
    labels = [f'    state "{state.value}" as {state.name}\n' for state in StateName]
    arrows = [f"    [*] --> {state.name}: {how}\n" for state, how in _STARTS.items()]
    for state, row in TABLE.items():
        targets = dict.fromkeys(cell for cell in row.values() if isinstance(cell, StateName))
        for target in targets:
            if target is not state:
                evidence = ", ".join(e.value for e in row if row[e] is target)
                arrows.append(f"    {state.name} --> {target.name}: {evidence}\n")
    return "".join(["```mermaid\nstateDiagram-v2\n", *labels, *arrows, "```\n"])


def _cell(cell: StateName | Reason) -> str:
    return f"**{cell.value}**" if isinstance(cell, StateName) else f"– {_words(cell)}"


def _words(reason: Reason) -> str:
    return reason.value.replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
