"""The documents as the tests read them: their blocks of code, their headings, their links.

A block of ``sh`` is run, all of a document in one shell, and a block of ``json``, ``text`` or ``yaml``
right behind it is what it prints. A block of ``yaml file=NAME`` is saved as that file before what
follows is run. A block of ``shell`` is only shown.
"""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^( *)```(\w+)([^\n`]*)\n(.*?)^\1```[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`[^`\n]*`")
_MARK = "=== end of block"
_WIDTH = 98
_OUTPUTS = ("json", "text", "yaml")


@dataclass(frozen=True)
class Block:
    """One block of code: its language, what is said after the language, its text, where its text is."""

    language: str
    info: str
    text: str
    line: int
    span: tuple[int, int]

    @property
    def file(self) -> str | None:
        """The name under which a reader saves the block."""
        found = re.search(r"\bfile=(\S+)", self.info)
        return found[1] if found else None


@dataclass(frozen=True)
class Step:
    """A block that was run: what it printed, its exit status, and the block that shows what it prints."""

    block: Block
    shown: Block | None
    printed: str
    status: int


@cache
def documents() -> tuple[Path, ...]:
    """Every document for people."""
    return tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]))


@cache
def blocks(path: Path) -> tuple[Block, ...]:
    """The blocks of code of a document, in their order."""
    text = path.read_text()
    return tuple(
        Block(
            language=found[2],
            info=found[3].strip(),
            text=textwrap.dedent(found[4]),
            line=text.count("\n", 0, found.start()) + 1,
            span=found.span(4),
        )
        for found in _FENCE.finditer(text)
    )


@cache
def prose(path: Path) -> str:
    """A document without its blocks of code."""
    return _FENCE.sub("", path.read_text())


def links(path: Path) -> list[str]:
    """Where a document links to."""
    return _LINK.findall(_CODE.sub("", prose(path)))


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    plain = (re.sub(r"[`*]", "", heading).lower() for heading in _HEADING.findall(prose(path)))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def run_document(
    path: Path, environment: dict[str, str], folder: Path, replaced: str, by: str, before: str = ""
) -> list[Step]:
    """Run the ``sh`` blocks of a document in one shell in ``folder`` and return what each printed.

    The text ``replaced`` stands for ``by`` on the machine of the test; ``before`` is run first.
    """
    found = blocks(path)
    parts = [before]
    steps: list[tuple[Block, Block | None]] = []
    for number, block in enumerate(found):
        if block.file is not None:
            parts.append(f"cat > {block.file} <<'{_MARK}'\n{block.text}{_MARK}\n")
        if block.language == "sh":
            parts.append(f"{block.text}\nprintf '\\n%s %s\\n' '{_MARK}' $?\n")
            behind = found[number + 1] if number + 1 < len(found) else None
            steps.append((block, behind if behind is not None and _is_output(behind) else None))
    script = "exec 2>&1\n" + "".join(parts).replace(replaced, by)
    done = subprocess.run(
        ["bash", "-u", "-c", script],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    pieces = re.split(rf"\n?{_MARK} (\d+)\n", done.stdout.replace(by, replaced))
    printed = zip(pieces[::2], pieces[1::2], strict=False)
    made = [
        Step(*both, text.rstrip(), int(status)) for both, (text, status) in zip(steps, printed, strict=False)
    ]
    assert len(made) == len(steps), f"{path.name} ended early: {done.stdout[-2000:]}"
    return made


def _is_output(block: Block) -> bool:
    return block.language in _OUTPUTS and block.file is None


def rewrite(path: Path, steps: list[Step]) -> None:
    """Put what the blocks printed into the document."""
    text = path.read_text()
    for step in reversed(steps):
        if step.shown is not None:
            printed = step.printed
            if step.shown.language == "json":
                printed = lay_out(json.loads(printed))
            start, end = step.shown.span
            text = f"{text[:start]}{printed}\n{text[end:]}"
    path.write_text(text)


def lay_out(value: object, indent: str = "", before: str = "") -> str:
    """Return JSON laid out for people: what fits into a line, behind ``before``, stands in one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent + before + flat) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return before + flat
    deeper = indent + "  "
    if isinstance(value, dict):
        left, right = "{", "}"
        items = [lay_out(item, deeper, f"{json.dumps(key)}: ") for key, item in value.items()]
    else:
        left, right = "[", "]"
        items = [lay_out(item, deeper) for item in value]
    return f"{before}{left}\n{deeper}" + f",\n{deeper}".join(items) + f"\n{indent}{right}"


def settled(value: object) -> object:
    """Return an answer without the ids and codes that are new in every run."""
    if isinstance(value, dict):
        voucher = {"id", "code"} if {"code", "reward"} <= value.keys() else set()
        drawn = {"request_id", "operation"} | voucher
        return {key: "drawn" if key in drawn else settled(item) for key, item in value.items()}
    return [settled(item) for item in value] if isinstance(value, list) else value
