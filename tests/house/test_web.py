"""The wall in the front end: the admin client is for the console alone, whatever else is built beside it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Container, Iterator
from pathlib import Path

from perennial.core.codes.till_allowance import EntryState
from perennial.core.currency import decimals
from perennial.core.document.currency_codes import CURRENCIES
from perennial.core.facts import BUILT_IN_EVENTS
from perennial.core.refusals import RefusalCode
from perennial.ledger.account import Account
from perennial.store.events import EventKind
from perennial.store.messages import MessageState
from tests.house.source import ROOT, SOURCE, tree

WEB = ROOT / "web"
ADMIN = "@perennial/api-admin"
MAY = {"@perennial/console", ADMIN}
_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
_IMPORT = re.compile(r"""(?:from|import|require\()\s*["']([^"']+)["']""")


def _workspaces(web: Path) -> dict[str, Path]:
    files = [*web.glob("packages/*/package.json"), *web.glob("apps/*/package.json")]
    return {json.loads(file.read_text())["name"]: file.parent for file in files}


def _imports(folder: Path) -> set[str]:
    sources = [
        each
        for each in (folder / "src").rglob("*")
        if each.suffix in {".ts", ".tsx"} and "generated" not in each.parts
    ]
    return {name for file in sources for name in _IMPORT.findall(file.read_text())}


def _declared(folder: Path) -> set[str]:
    package = json.loads((folder / "package.json").read_text())
    return {name for key in ("dependencies", "devDependencies") for name in package.get(key, {})}


def _through_the_wall(web: Path) -> set[str]:
    """Return the workspaces that reach the admin client, by import or by dependency, and may not."""
    workspaces = _workspaces(web)
    reach = {
        name: {
            target
            for target in workspaces
            if any(each == target or each.startswith(f"{target}/") for each in found)
            or (target == ADMIN and any("api-admin" in each for each in found))
        }
        for name, found in ((name, _imports(at) | _declared(at)) for name, at in workspaces.items())
    }
    reaching = {ADMIN}
    while more := {name for name, targets in reach.items() if targets & reaching} - reaching:
        reaching |= more
    return reaching - MAY


def test_no_app_but_the_console_reaches_the_admin_client() -> None:
    """What members see is built from packages that do not know the admin client, not even through others."""
    assert len(_workspaces(WEB)) >= 4
    assert _through_the_wall(WEB) == set()


def test_the_wall_is_seen_when_it_falls(tmp_path: Path) -> None:
    """An app that takes the admin client through another package is found, and so is that package."""
    for name, imports in (
        ("packages/api-admin", ""),
        ("packages/lists", 'import { customerGet } from "@perennial/api-admin";'),
        ("apps/console", 'import { customerGet } from "@perennial/api-admin";'),
        ("apps/portal", 'import { List } from "@perennial/lists";'),
        ("apps/pages", 'import { List } from "./list";'),
    ):
        folder = tmp_path / name
        (folder / "src").mkdir(parents=True)
        package = {"name": f"@perennial/{folder.name}"}
        (folder / "package.json").write_text(json.dumps(package))
        (folder / "src" / "index.ts").write_text(imports)
    assert _through_the_wall(tmp_path) == {"@perennial/lists", "@perennial/portal"}


def test_every_dependency_is_pinned() -> None:
    """An exact version in every package, so that the lock is the only thing that ever moves."""
    exact = re.compile(r"\d+\.\d+\.\d+$")
    loose = [
        f"{file.parent.name}: {name} {version}"
        for file in (WEB / "package.json", *(at / "package.json" for at in _workspaces(WEB).values()))
        for key in ("dependencies", "devDependencies")
        for name, version in json.loads(file.read_text()).get(key, {}).items()
        if not exact.match(version)
    ]
    assert loose == []


def test_no_package_runs_a_script_of_its_own_at_install() -> None:
    """Installing downloads what the lock names and runs nothing of it."""
    lock = json.loads((WEB / "package-lock.json").read_text())
    scripted = [name for name, entry in lock["packages"].items() if entry.get("hasInstallScript")]
    assert scripted == []
    assert "ignore-scripts=true" in (WEB / ".npmrc").read_text()


def test_the_console_counts_money_as_the_server_does() -> None:
    """Both know the same currencies whose minor unit is not a hundredth; browsers count some otherwise."""
    source = (WEB / "apps" / "console" / "src" / "i18n" / "decimals.ts").read_text()
    lists = {name: set(codes.split()) for name, codes in re.findall(r'const (\w+) = "([A-Z ]+)"', source)}
    assert lists.keys() == {"WITHOUT", "WITH_THREE"}
    codes = set.union(*lists.values()) | CURRENCIES
    digits = {
        code: 0 if code in lists["WITHOUT"] else 3 if code in lists["WITH_THREE"] else 2 for code in codes
    }
    assert {code: decimals(code) for code in codes} == digits


def _actions_in(source: ast.AST, things: Container[str]) -> Iterator[str]:
    """Yield what is written down as an action: what is passed as one, or begins with a known thing."""
    for node in ast.walk(source):
        if isinstance(node, ast.keyword) and node.arg == "action":
            yield from (str(each.value) for each in ast.walk(node.value) if isinstance(each, ast.Constant))
        elif isinstance(node, ast.Constant) and str(node.value).split(".")[0] in things:
            yield str(node.value)


def test_what_the_audit_log_names_has_words_in_the_console() -> None:
    """Every action that the source writes down; those that end with a state are named with each of them."""
    words = (WEB / "apps" / "console" / "src" / "screens" / "audit" / "actions.ts").read_text()
    said = set(re.findall(r'^  "([a-z_.]+)": msg`', words, re.MULTILINE))
    things = {action.split(".")[0] for action in said}
    sources = [tree(path) for path in (SOURCE / "flows").rglob("*.py")]
    written = {text for each in sources for text in _actions_in(each, things) if _ACTION.fullmatch(text)}
    states = {f"till_entry.{state}" for state in EntryState if state is not EntryState.REDEEMED}
    assert written | states | {"approval.approved", "approval.rejected"} == said


def test_every_trigger_has_words_in_the_console() -> None:
    """What rules and messages wait for: else a marketer chooses among the names of constants."""
    words = (WEB / "apps" / "console" / "src" / "editor" / "value-words.ts").read_text()
    said = set(re.findall(r'^  "trigger\.([a-z_.]+)": msg`', words, re.MULTILINE))
    assert said == set(BUILT_IN_EVENTS)


def test_what_happens_to_a_member_has_words_in_the_console() -> None:
    """Everything that a timeline or a statement may name: else a marketer reads the name of a constant."""
    words = (WEB / "apps" / "console" / "src" / "screens" / "member" / "words.ts").read_text()
    said = {
        name: set(re.findall(r"^  (\w+): msg`", entries, re.MULTILINE))
        for name, entries in re.findall(
            r"^const (\w+): [^\n]+ = \{\n(.*?)^\};", words, re.MULTILINE | re.DOTALL
        )
    }
    assert said.keys() == {"BECAUSE", "HAPPENED", "PASSED_OVER", "REASONS"}
    claims = [(SOURCE / "core" / "claims" / f"{name}.py").read_text() for name in ("availability", "claims")]
    refused = {RefusalCode[name].value for each in claims for name in re.findall(r"RefusalCode\.(\w+)", each)}
    not_in_turn = {RefusalCode.OUT_OF_STOCK, RefusalCode.NOTHING_TO_WAIT_FOR}
    paid = {RefusalCode.INSUFFICIENT_POINTS, RefusalCode.NOT_A_MEMBER}
    assert said["PASSED_OVER"] == refused - not_in_turn | paid
    sending = (SOURCE / "flows" / "messaging" / "send_messages.py").read_text()
    reasons = re.findall(r'(?:Became\(MessageState\.\w+, |return |reason = )"([a-z_]+)"', sending)
    assert said["REASONS"] == set(reasons) - {"too_late"}  # the state says that
    assert said["BECAUSE"] == {account.name.lower() for account in Account}
    assert said["HAPPENED"] == {kind.name.lower() for kind in EventKind} | {
        "order",
        "segment_entered",
        "segment_left",
        *(f"message_{state.word}" for state in MessageState),
    }
