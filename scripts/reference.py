"""Render the reference pages from the code: settings, refusals, events, addresses, retention.

`python -m scripts.reference` writes them; a test holds each page to what is rendered.
"""

import ast
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from scripts import limits
from vestibule import settings
from vestibule.attack.table import ATTACKS
from vestibule.crypto import keyring
from vestibule.delivery.provider import (
    NotThisWay,
    PermanentFailure,
    Receipt,
    TemporaryFailure,
    Throttled,
)
from vestibule.delivery.providers import known_failures, twilio, vonage, webhook
from vestibule.domain.delivery import Fault
from vestibule.domain.event import EventName
from vestibule.domain.refusal import Reason
from vestibule.observability import metrics
from vestibule.storage.keyed import EVERY, FINGERPRINTS
from vestibule.storage.retention import KEPT
from vestibule.web.doors import DOORS
from vestibule.web.wording import SENTENCES

FOLDER = Path("docs/reference")


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {
        "addresses.md": _addresses(),
        "attacks.md": _attacks(),
        "carrier-errors.md": _carrier_errors(),
        "events.md": _events(),
        "failing-numbers.md": _failing_numbers(),
        "keys.md": _keys(),
        "limits.md": _limits(),
        "metrics.md": _metrics(),
        "refusals.md": _refusals(),
        "retention.md": _retention(),
        "settings.md": _settings(),
    }


def _page(title: str, source: str, lead: str, header: Iterable[str], rows: list[list[str]]) -> str:
    names = list(header)
    table = [names, ["---"] * len(names), *rows]
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in table)
    note = f"<!-- Rendered by `python -m scripts.reference` from {source}. -->"
    return f"# {title}\n\n{note}\n\n{lead}\n\n{lines}\n"


def _settings() -> str:
    rows = []
    documented = _documented(Path(settings.__file__), "Settings")
    for name, field in sorted(settings.Settings.model_fields.items()):
        default = field.get_default()
        shown = "" if default in ("", None, (), {}) else f"`{default}`".replace("False", "false")
        rows.append([f"`VESTIBULE_{name.upper()}`", shown, documented[name]])
    return _page(
        "Settings",
        "src/vestibule/settings.py",
        "Read once at start, from the environment or a file (`--settings FILE`); the environment"
        " wins. A setting that cannot be stops the start with a sentence that names it.",
        ["setting", "default", "what it does"],
        rows,
    )


def _documented(path: Path, class_name: str) -> dict[str, str]:
    """The string under each field of a class."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == class_name
    )
    found = {}
    for field, text in pairwise(body):
        if not (isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)):
            continue
        target: ast.expr | None = None
        if isinstance(field, ast.AnnAssign):
            target = field.target
        elif isinstance(field, ast.Assign):
            target = field.targets[0]
        if isinstance(target, ast.Name):
            found[target.id] = " ".join(str(ast.literal_eval(text.value)).split())
    return found


def _failing_numbers() -> str:
    rows = [
        [
            f"`…{one.ending}`",
            one.behaviour,
            _reacts(one.sms, one.shows),
            _reacts(one.voice, one.shows),
        ]
        for one in known_failures.TEST_NUMBERS
    ]
    rows += [
        [f"`{one.tag}@…`", one.behaviour, "mail: " + _reacts(one.email, one.shows), ""]
        for one in known_failures.TEST_ADDRESSES
    ]
    return _page(
        "Numbers that fail on purpose",
        "src/vestibule/delivery/providers/known_failures.py",
        "Where the simulator runs, every phone number with one of these endings, and every mail"
        " address with one of these tags before the @, behaves as it says; each reason that a"
        " person can be told of is among them. `+44 7400 12`*ending* is a number of this kind.",
        ["ending", "what happens", "text", "call"],
        rows,
    )


def _reacts(reaction: known_failures.Reaction, shows: tuple[Fault, ...]) -> str:
    """What the network does, and the reason that the person reads where it is not said yet."""
    told = ", ".join(f"`{fault}`" for fault in shows)
    match reaction:
        case known_failures.Reaction(hangs=True):
            return f"timeout, then {told}"
        case known_failures.Reaction(outcome=PermanentFailure(fault=fault)):
            return f"never: `{fault}`"
        case known_failures.Reaction(outcome=Throttled(retry_after_seconds=seconds)):
            return f"throttled for {seconds} s, then {told}"
        case known_failures.Reaction(outcome=NotThisWay(fault=fault)):
            return f"not this way: `{fault}`"
        case known_failures.Reaction(outcome=TemporaryFailure()):
            return f"not now, then {told}"
        case known_failures.Reaction(later=Receipt(reason=reason)):
            return f"accepted; later undelivered: `{reason}`"
        case known_failures.Reaction(arrives=False):
            return "accepted; no receipt"
        case known_failures.Reaction(mailbox=True):
            return "a mailbox answers"
    return f"not sent: {told}" if Fault.CHANGED_HANDS in shows else "arrives"


def _carrier_errors() -> str:
    tables: list[tuple[str, Mapping[Any, Fault]]] = [
        ("twilio", twilio.FAULTS),
        ("vonage", vonage.FAULTS),
        ("webhook", {f"422 {fault.value}": fault for fault in webhook.REASONS}),
    ]
    rows = []
    for route, faults in tables:
        for fault in Fault:
            codes = [f"`{code}`" for code, found in faults.items() if found is fault]
            if codes:
                rows.append([f"`{route}`", ", ".join(codes), f"never: `{fault.value}`"])
        if route == "twilio":
            codes = [f"`{code}`" for code in sorted(twilio.THROTTLES)]
            rows.append(["`twilio`", ", ".join(codes), "throttled"])
            codes = [f"`{code}`" for code in sorted(twilio.NOT_THIS_WAY)]
            rows.append(["`twilio`", ", ".join(codes), "not this way"])
    rows.append(["`vonage`", f"title `{vonage.INVALID_RECIPIENT}`", "never: `number_invalid`"])
    rows += _receipt_rows("twilio", twilio.RECEIPT_FAULTS, twilio.FAULTS, twilio.CALL_FAULTS)
    rows += _receipt_rows("vonage", vonage.RECEIPT_FAULTS, vonage.FAULTS, vonage.CALL_FAULTS)
    rows.append(["each", "HTTP 429", "throttled, for as long as `Retry-After` says"])
    rows.append(["`webhook`", f"`422 {webhook.NOT_THIS_WAY}`", "not this way"])
    rows.append(["`smtp`", "450, 451, 452 for the recipient", "not this way"])
    rows.append(["each", "no answer once the request has left, or none of its kind", "in doubt"])
    rows.append(["each", "everything else", "not now: the next provider is tried"])
    return _page(
        "Errors of carriers",
        "src/vestibule/delivery/providers/",
        "What an error of a provider means for the message. *Never* ends it and tells the person;"
        " after *throttled*, *not now* and *not this way* the same code goes by the next provider;"
        " *not this way* says nothing of the route. *In doubt* it goes so too, but only a few times"
        " ([why](../explanation/delivery.md#in-doubt)). *Later* is told"
        " by the receipt of a message that was taken; a receipt may name the errors of *never*,"
        " too, and any other is `unreachable`.",
        ["route", "error", "outcome"],
        rows,
    )


def _receipt_rows(
    route: str,
    texts: Mapping[Any, Fault],
    at_once: Mapping[Any, Fault],
    calls: Mapping[str, Fault],
) -> list[list[str]]:
    """What receipts say beyond the errors that are told at once."""
    rows = []
    for what, told in (
        ("", {code: fault for code, fault in texts.items() if code not in at_once}),
        ("call ", calls),
    ):
        for fault in Fault:
            codes = [f"`{code}`" for code, found in told.items() if found is fault]
            if codes:
                rows.append([f"`{route}`", what + ", ".join(codes), f"later: `{fault.value}`"])
    return rows


def _refusals() -> str:
    rows = [[f"`{reason.value}`", SENTENCES[reason]] for reason in Reason]
    return _page(
        "Refusals",
        "src/vestibule/web/wording.py",
        "Why something expected did not happen. The id is the same on the page, in the log and in"
        " the journal.",
        ["id", "what the page says"],
        rows,
    )


def _events() -> str:
    rows = [[f"`{event.value}`"] for event in EventName]
    return _page(
        "Events",
        "src/vestibule/domain/event.py",
        "What the journal and the log call what happened; OWASP's words where it has them. Each"
        " comes with time, outcome, reason, account, keyed marks of session and pending sign-in,"
        " method, source address, browser, request id and version.",
        ["event"],
        rows,
    )


def _keys() -> str:
    documented = _documented(Path(keyring.__file__), "Purpose")
    rows = []
    for purpose in keyring.Purpose:
        values = [f"`{one}`" for one in EVERY if one.purpose == purpose.value]
        if purpose.value == "seal":
            after = "`keys reseal` seals it anew"
        else:
            made_anew = [f"`{one}`" for one in FINGERPRINTS if one.purpose == purpose.value]
            after = "its own key stays for as long as values do" if values else "they expire"
            after += f"; {' and '.join(made_anew)} are made anew" if made_anew else ""
        shown = ", ".join(values) or "none, only forms"
        info = f"`vestibule/1/{purpose.value}`"
        rows.append([f"`{purpose.value}`", info, documented[purpose.name], shown, after])
    return _page(
        "Keys",
        "src/vestibule/crypto/keyring.py and src/vestibule/storage/keyed.py",
        "A root key has 256 bits and is kept apart from the database: in a file of mode 0600, in"
        " the environment, or with a command that prints it. Each purpose has its own key of 256"
        " bits, derived by HKDF-SHA-256 with this info; no key serves two purposes, and every value"
        " names the root it was made with. [Changing the root](../how-to/keys.md) is done while the"
        " house serves.",
        ["purpose", "info of the derivation", "what it protects", "values", "when its root goes"],
        rows,
    )


def _metrics() -> str:
    rows = [
        [f"`{one.name}`", one.kind, ", ".join(one.labels), one.text] for one in metrics.DESCRIBED
    ]
    rows.append([f"`{metrics.HANDOVER}`", "histogram", "channel", metrics.HANDOVER_TEXT])
    return _page(
        "Metrics",
        "src/vestibule/observability/metrics.py",
        "`GET /metrics` with `Authorization: Bearer …` and the token of `VESTIBULE_METRICS_TOKEN`;"
        " without that setting there is no such address. All but the histogram come from the"
        " database, so every process tells the same: read one. No label names an account, a"
        " number, a prefix or an address; the country of mails is empty.",
        ["metric", "kind", "labels", "what it says"],
        rows,
    )


def _attacks() -> str:
    rows = [[f"`{one.slug}`", one.tried, ", ".join(one.ids)] for one in ATTACKS]
    return _page(
        "Attacks",
        "src/vestibule/attack/table.py",
        "What `vestibule doctor --attack` tries, in this order, and the requirements that each goes"
        " against. Each has a broken house in the tests in which it is seen to find something.",
        ["attack", "what is tried", "against"],
        rows,
    )


def _addresses() -> str:
    rows = [
        [
            f"`{door.path}`",
            " ".join(name for name, one in (("GET", door.get), ("POST", door.post)) if one),
            door.needs.value,
        ]
        for door in DOORS
    ]
    return _page(
        "Addresses",
        "src/vestibule/web/doors.py",
        "Every address and what must have been proven before it opens. Without it the visitor is"
        " led to the step that comes first. Beside them stand the files, `/csp-report`"
        " (where browsers post that a page broke its content policy) and, with its token,"
        " `/metrics`.",
        ["address", "methods", "needs"],
        rows,
    )


def _limits() -> str:
    return _page(
        "Limits",
        "the constants of src/vestibule, by scripts/limits.py",
        "How often something may be tried or sent, how long it lasts, and what happens then. No"
        " limit that somebody else can use up keeps an owner out.",
        ["what", "how much", "then"],
        limits.rows(),
    )


def _retention() -> str:
    rows = [
        [f"`{table}`", f"`{column}`", f"{kept.days} days" if kept.days else "at once"]
        for table, (column, kept) in KEPT.items()
    ]
    return _page(
        "Retention",
        "src/vestibule/storage/retention.py",
        "What is deleted, how long after which moment. Accounts, passwords, authenticators and"
        " recovery codes stay as long as the account; a phone or app that was removed stays for"
        " seven days, proving nothing.",
        ["table", "counted from", "deleted after"],
        rows,
    )


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
