"""The house rules that no ready-made tool knows, over every file that git would commit.

Reads the tree and names faults as `path:line: what to do`; must not change a file.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.documents import broken_links
from scripts.pins import loose_pins
from scripts.sentences import FOR_MACHINES, SHOWING, unmarked_in_code, unmarked_in_template

LONGEST_ROOM = 420
LONGEST_FUNCTION = 50
LONGEST_README = 150
BOUGHT_IN = re.compile(r"LICENSE|requirements.*\.txt|tests/vectors/.*|docs/images/.*")
"""Files that others wrote, a tool generated, or that hold no text of ours."""
MIGRATIONS = "src/vestibule/storage/migrations/versions/"
"""One step of the schema each, as long as it is: never edited, read once."""


@dataclass(frozen=True, order=True)
class Fault:
    """One breach of a rule, said so that it can be mended."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Source:
    """A file by its path from the root; `tree` is there for Python."""

    path: str
    text: str
    tree: ast.Module | None

    @classmethod
    def of(cls, path: str, text: str) -> "Source":
        return cls(path, text, ast.parse(text) if path.endswith(".py") else None)

    def fault(self, line: int, text: str) -> Fault:
        return Fault(self.path, line, text)

    def numbered(self) -> Iterator[tuple[int, str]]:
        return enumerate(self.text.splitlines(), 1)

    def nodes(self) -> Iterator[ast.AST]:
        return iter(()) if self.tree is None else ast.walk(self.tree)


def long_rooms(source: Source) -> Iterator[Fault]:
    lines = len(source.text.splitlines())
    is_room = source.path.startswith("src/") and not source.path.startswith(MIGRATIONS)
    if is_room and source.tree and lines > LONGEST_ROOM:
        yield source.fault(lines, f"{lines} lines; cut the room in two at {LONGEST_ROOM}")
    if source.path == "README.md" and lines > LONGEST_README:
        yield source.fault(lines, f"{lines} lines; {LONGEST_README} are enough for a README")


def long_functions(source: Source) -> Iterator[Fault]:
    if source.path.startswith(MIGRATIONS):
        return
    for node in source.nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield source.fault(
                    node.lineno, f"{node.name} has {lines} lines; {LONGEST_FUNCTION} at most"
                )


def unsaid_responsibility(source: Source) -> Iterator[Fault]:
    is_room = source.path.startswith("src/") and source.tree is not None and source.tree.body
    if is_room and source.tree and not ast.get_docstring(source.tree):
        yield source.fault(1, "say in a docstring what this module does and must not do")


def vague_names(source: Source) -> Iterator[Fault]:
    stem = Path(source.path).stem.strip("_")
    if source.tree and re.fullmatch(r"(utils?|helpers?|common|base|managers?|misc)", stem):
        yield source.fault(1, f"name the file after its concept; “{stem}” says nothing")


_OPEN_END = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")


def open_ends(source: Source) -> Iterator[Fault]:
    for number, line in source.numbered():
        if found := _OPEN_END.search(line):
            yield source.fault(number, f"finish it or file an issue; no {found[0]} in the tree")


# Whoever mirrors packages must not meet our choice of host, nor a reader one machine's folders.
_REGISTRY = re.compile(
    r"\b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|(deb|security|snapshot)"
    r"\.debian\.org|(archive|security)\.ubuntu\.com|crates\.io|proxy\.golang\.org)"
)
_PRIVATE_PATH = re.compile(r"(?<![\w.~$}/-])/(work|farm|root|home|Users)/[\w.-]")


def hosts_and_private_paths(source: Source) -> Iterator[Fault]:
    for number, line in source.numbered():
        if found := _REGISTRY.search(line):
            yield source.fault(number, f"no package registry is named here: {found[0]}")
        if found := _PRIVATE_PATH.search(line):
            yield source.fault(number, f"a path of one machine: {found[0]}…")


_SUPPRESSION = re.compile(
    r"#\s*(?P<what>noqa(: [A-Z0-9, ]+[0-9])?|type:\s*ignore(\[[\w, -]+\])?|pragma: no \w+)"
    r"(?P<rest>.*)"
)


def unreasoned_suppressions(source: Source) -> Iterator[Fault]:
    """`# noqa: S105 - why` and `# type: ignore[arg-type]  # why`, for a run of lines once."""
    if source.tree is None:
        return
    reasoned_above = None
    for number, line in source.numbered():
        found = _SUPPRESSION.search(line)
        is_reasoned = found and re.search(r"(\s-|#)\s+\w+", found["rest"])
        if found and not is_reasoned and found["what"] != reasoned_above:
            yield source.fault(number, "a suppression carries its reason: “ - why” or “  # why”")
            continue
        reasoned_above = found["what"] if found else None


ENVIRONMENT_PATCHES = {"setenv", "delenv", "chdir"}


def patches(source: Source) -> Iterator[Fault]:
    """`monkeypatch` may touch the environment; `unittest.mock` is refused by ruff."""
    if not source.path.startswith("tests/"):
        return
    for node in source.nodes():
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in {"monkeypatch", "mocker"}
            and node.attr not in ENVIRONMENT_PATCHES
        ):
            yield source.fault(
                node.lineno, f"no {node.value.id}.{node.attr}: the design needs an argument"
            )


_SECRET = re.compile(r"(?:^|(?<!status)_)(?:code|digest|mac|otp|secret|signature|tag|token|typed)$")


def secret_comparisons(source: Source) -> Iterator[Fault]:
    """PH-06: a secret is compared by `hmac.compare_digest`; `==` tells where it first differs."""
    if not source.path.startswith("src/"):
        return
    for node in source.nodes():
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            continue
        sides = [node.left, *node.comparators]
        names = [_last_name(side) for side in sides]
        is_stored_twice = len(set(names)) == 1
        if all(names) and not is_stored_twice and any(map(_SECRET.search, names)):
            yield source.fault(node.lineno, "compare secrets by hmac.compare_digest")


def _last_name(side: ast.expr) -> str:
    match side:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")
_OF_TABLES = {
    f"src/vestibule/storage/{room}.py" for room in ("closing", "keyed", "restored", "retention")
}
"""Where whole statements are made from a table of names, itself a constant."""


def sql_from_values(source: Source) -> Iterator[Fault]:
    """SQL text is made of literals and constants; values are parameters."""
    if not source.path.startswith("src/") or source.path in _OF_TABLES:
        return
    literal = _literal_names(source)
    for node in source.nodes():
        if not isinstance(node, ast.JoinedStr) or not _is_statement(node):
            continue
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                name = ast.unparse(part.value)
                if name not in literal and not re.fullmatch(r"(\w+\.)*_?[A-Z][A-Z0-9_]*", name):
                    yield source.fault(
                        part.lineno, f"{{{name}}} inside SQL: a constant, or a :parameter"
                    )


def _literal_names(source: Source) -> set[str]:
    """Names that are only ever bound to a literal, as where the dialects' words differ."""
    fixed = {
        node.targets[0]
        for node in source.nodes()
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and _is_literal(node.value)
    }
    names = [
        node
        for node in source.nodes()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    loose = {node.id for node in names if node not in fixed}
    loose |= {node.arg for node in source.nodes() if isinstance(node, ast.arg)}
    return {node.id for node in names} - loose


def _is_literal(value: ast.expr) -> bool:
    if isinstance(value, ast.IfExp):
        return _is_literal(value.body) and _is_literal(value.orelse)
    return isinstance(value, ast.Constant)


def _is_statement(node: ast.JoinedStr) -> bool:
    first = node.values[0] if node.values else None
    return (
        isinstance(first, ast.Constant)
        and isinstance(first.value, str)
        and _STATEMENT.match(first.value) is not None
    )


def unmarked_sentences(source: Source) -> Iterator[Fault]:
    """What people are shown is marked for translation, or it is English for everybody."""
    if not source.path.startswith(SHOWING) or source.path in FOR_MACHINES:
        return
    found: list[tuple[int, str]] = []
    if source.tree is not None:
        found += unmarked_in_code(source.tree)
    elif "/templates/" in source.path:
        found += unmarked_in_template(source.text)
    for line, words in found:
        yield source.fault(line, f"mark it for translation: “{words[:40]}”")


_CRYPTOGRAPHY = {"argon2", "cryptography", "hashlib", "hmac", "joserfc", "ssl"}
CRYPTOGRAPHY_OUTSIDE: dict[str, set[str]] = {
    "src/vestibule/delivery/callbacks.py": {"hashlib", "hmac", "joserfc"},
    "src/vestibule/delivery/http_call.py": {"ssl"},
    "src/vestibule/delivery/providers/letter.py": {"hashlib"},
    "src/vestibule/delivery/providers/smtp.py": {"ssl"},
    "src/vestibule/delivery/providers/vonage.py": {"joserfc"},
    "src/vestibule/delivery/webhook_signature.py": {"hashlib", "hmac"},
    "src/vestibule/domain/journal.py": {"hashlib", "hmac"},
    "src/vestibule/domain/recovery_code.py": {"hmac"},
    "src/vestibule/domain/totp.py": {"hmac"},
    "src/vestibule/entropy.py": {"hashlib"},
    "src/vestibule/flows/work.py": {"hashlib"},
    "src/vestibule/web/metrics.py": {"hmac"},
    "src/vestibule/web/render.py": {"hashlib"},
}
"""The inventory of ASVS 11.1.3: besides `crypto`, who uses which cryptography. Carriers prove
themselves by their own rules, the journal is linked by digests that anybody can make; the rest
compares in constant time or names a file by its digest."""


def cryptography_elsewhere(source: Source) -> Iterator[Fault]:
    if not source.path.startswith("src/") or source.path.startswith("src/vestibule/crypto/"):
        return
    allowed = CRYPTOGRAPHY_OUTSIDE.get(source.path, set())
    for node in source.nodes():
        for name in _imported(node) & _CRYPTOGRAPHY - allowed:
            yield source.fault(
                getattr(node, "lineno", 1), f"{name} belongs into crypto, or on the inventory"
            )


def _imported(node: ast.AST) -> set[str]:
    """The packages that an import names."""
    match node:
        case ast.Import(names=names):
            return {name.name.partition(".")[0] for name in names}
        case ast.ImportFrom(module=str(module), level=0):
            return {module.partition(".")[0]}
    return set()


_LOGS = {"src/vestibule/observability/logging.py"}


def logs_elsewhere(source: Source) -> Iterator[Fault]:
    """AU-02: one module writes log lines, and it never writes an error's values."""
    if not source.path.startswith("src/") or source.path in _LOGS:
        return
    for node in source.nodes():
        if _imported(node) & {"logging", "structlog"}:
            yield source.fault(
                getattr(node, "lineno", 1), "log by vestibule.observability.logging only"
            )


_UNESCAPED = re.compile(r"\|\s*safe\b|{%-?\s*autoescape\b")


def unescaped_markup(source: Source) -> Iterator[Fault]:
    """WB-06: a template escapes what it is given; markup of ours is made in Python."""
    if not re.fullmatch(r"src/.*\.(html|txt|svg)", source.path):
        return
    for number, line in source.numbered():
        if found := _UNESCAPED.search(line):
            yield source.fault(number, f"a template escapes everything; no {found[0].strip()}")


RULES: tuple[Callable[[Source], Iterator[Fault]], ...] = (
    long_rooms,
    long_functions,
    unsaid_responsibility,
    vague_names,
    open_ends,
    hosts_and_private_paths,
    unreasoned_suppressions,
    patches,
    secret_comparisons,
    sql_from_values,
    unmarked_sentences,
    cryptography_elsewhere,
    logs_elsewhere,
    unescaped_markup,
)


def faults_in(source: Source) -> list[Fault]:
    """Every breach in one file."""
    if BOUGHT_IN.fullmatch(source.path):
        return list(hosts_and_private_paths(source))
    return sorted(fault for rule in RULES for fault in rule(source))


def tree_faults(root: Path) -> list[Fault]:
    """Every breach in the files that git knows or would take."""
    names = _listed(root)
    found = []
    for name in names:
        try:
            source = Source.of(name, (root / name).read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
        found += faults_in(source)
    documents = [name for name in names if name.endswith(".md")]
    found += [Fault(*place) for place in broken_links(root, documents)]
    found += [Fault(*place) for place in loose_pins(root)]
    return sorted(found)


def _listed(root: Path) -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return sorted({name for name in listed.stdout.split("\0") if (root / name).is_file() and name})


def main() -> int:
    found = tree_faults(Path.cwd())
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
