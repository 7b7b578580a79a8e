"""What a workspace adds to every program: declared attributes, locations, and the list of facts."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from asyncpg import Connection

from perennial.core.conditions.check import operators_of
from perennial.core.conditions.words import is_money, label_of, value_label
from perennial.core.customers.consents import CONSENTS_KEPT, ConsentChannel
from perennial.core.document.program import Declarations, Program, WalletSpec
from perennial.core.facts import LOCATION_PLACE, Fact, FactTable, computed_attributes, fact_table
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.orders.order import Scalar
from perennial.core.terms.condition_document import ENC_HOOK
from perennial.core.validation.validation import attributes_by_path, declared_differently, validate
from perennial.flows.answers import FieldProblem
from perennial.flows.commands import OutsideFact
from perennial.flows.configuration import Configurations, business_now
from perennial.flows.handling.event_types import check_facts, check_location, pushed
from perennial.flows.ids import Ids
from perennial.flows.problems import problem
from perennial.flows.programs.checks import program_to_ask
from perennial.flows.programs.life import Author
from perennial.flows.reading import FactView, outside_facts, own_attributes
from perennial.store.database import Database
from perennial.store.programs.programs import load_versions, lock_configuration, raise_revision
from perennial.store.programs.surroundings import (
    count_locations,
    find_location,
    insert_declarations,
    known_purposes,
    latest_declarations,
    put_location,
)
from perennial.store.staff.audit_entries import AuditEntry, insert_audit_entry

MAX_LOCATIONS = 20_000
_ids = Ids()


class DeclaredAttributes(msgspec.Struct, frozen=True, kw_only=True):
    """The workspace's declarations and their version; 0 while nothing was ever declared."""

    version: int
    attributes: Declarations


class LocationView(msgspec.Struct, frozen=True, kw_only=True):
    """A location: its coordinates, its own attributes, and what comes from outside."""

    id: str
    place: str | None
    attributes: dict[str, Scalar]
    facts: dict[str, FactView]


class FactEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as conditions may ask about it; ``event`` is the only trigger that has it.

    ``value_labels`` says each of the known ``values`` in the language that was asked for (of consents these
    are those for purposes in use, and there may be others); amounts of ``money`` are in minor units;
    ``operators`` are those that fit.
    """

    name: str
    type: str
    source: str
    label: str
    optional: bool
    outside: bool
    computed: bool
    values: tuple[str, ...]
    value_labels: tuple[str, ...] = ()
    money: bool = False
    operators: tuple[str, ...] = ()
    event: str | None = None


class FactList(msgspec.Struct, frozen=True):
    """Every fact, those of events last, with labels in ``language``."""

    language: str
    right_to_left: bool
    data: tuple[FactEntry, ...]


async def read_declarations(database: Database, workspace_id: int) -> DeclaredAttributes:
    """Return what the workspace declares now."""
    async with database.transaction(workspace_id) as conn:
        version, declared = await latest_declarations(conn, workspace_id)
    return DeclaredAttributes(version=version, attributes=declared)


async def put_declarations(
    database: Database, workspace_id: int, declared: Declarations, author: Author
) -> DeclaredAttributes:
    """Make ``declared`` the next version; an equal document changes nothing.

    Raises a 422 that names every field that is wrong, and a 409 where a published version of some program
    asks for an attribute that would go or change its type.
    """
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        version, before = await latest_declarations(conn, workspace_id)
        if declared == before:
            return DeclaredAttributes(version=version, attributes=before)
        await _check(conn, workspace_id, before, declared)
        await insert_declarations(conn, workspace_id, version + 1, declared, author.at, author.actor)
        await _note(conn, workspace_id, author, "attributes.declared", "attributes", version, version + 1)
    return DeclaredAttributes(version=version + 1, attributes=declared)


async def _check(conn: Connection, workspace_id: int, before: Declarations, after: Declarations) -> None:
    alone = Program(
        program="workspace",
        name="Workspace",
        wallets=(WalletSpec(id="points", name="Points"),),
        declarations=after,
    )
    found = [(each.path, each.code, each.words) for each in validate(alone)]
    found += [
        (
            f"declarations.member.{name}",
            "reserved",
            f'"member.{name}" is a computed fact; choose another name',
        )
        for name in after.member
        if name in computed_attributes()
    ]
    stored = await load_versions(conn, workspace_id)
    newest = {each.program_id: each.program for each in stored}
    ours, theirs = attributes_by_path(before), attributes_by_path(after)
    for program in newest.values():
        # What a program has from the workspace is not its own, and follows below.
        own = {
            path for path, spec in attributes_by_path(program.declarations).items() if spec != ours.get(path)
        }
        conflicts = declared_differently(program, after)
        found += [(each.path, each.code, each.words) for each in conflicts if each.path in own]
    if found:
        fields = [
            FieldProblem(path="$." + path.removeprefix("declarations."), code=code, message=words)
            for path, code, words in found
        ]
        raise problem(422, "attributes_invalid", f"{fields[0].path}: {fields[0].message}", *fields)
    changed = [path for path, spec in ours.items() if path not in theirs or theirs[path].type != spec.type]
    for each in stored:
        for path in changed:
            if _asks(each.program, path):
                shown = "$." + path.removeprefix("declarations.")
                words = f"version {each.number} of program {each.program.program} asks for it"
                field = FieldProblem(path=shown, code="attribute_in_use", message=words)
                raise problem(409, "attribute_in_use", f"{shown}: {words}", field)


def _asks(program: Program, path: str) -> bool:
    """Return whether some part of a program names the attribute at this path of the declarations."""
    _, group, *rest = path.split(".")
    rest_of_document = msgspec.structs.replace(program, declarations=Declarations())
    texts = set(_texts(msgspec.to_builtins(rest_of_document, enc_hook=ENC_HOOK)))
    name = path.rpartition(".")[2]
    if group == "events":
        return ".".join(rest[:-2]) in texts
    fact = {"member": "member.", "location": "location."}.get(group, f"{group}.attributes.") + name
    return fact in texts or (group in ("order", "line") and name in texts)


def _texts(plain: object) -> list[str]:
    if isinstance(plain, dict):
        return [text for value in plain.values() for text in _texts(value)]
    if isinstance(plain, list | tuple):
        return [text for value in plain for text in _texts(value)]
    return [plain] if isinstance(plain, str) else []


async def read_location(
    database: Database, configurations: Configurations, workspace_id: int, location: str
) -> LocationView:
    """Return a location or raise the 404."""
    async with database.transaction(workspace_id) as conn:
        workspace = await configurations.current(conn, workspace_id)
        kept = await find_location(conn, workspace_id, location)
    if kept is None:
        raise problem(404, "location_unknown", f"There is no location {location!r}.")
    return _view(location, kept, business_now(workspace))


async def write_location(
    database: Database,
    configurations: Configurations,
    workspace_id: int,
    location: str,
    attributes: dict[str, Scalar],
    author: Author,
) -> LocationView:
    """Give a location exactly these attributes, ``place`` among them; what comes from outside stays."""
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        workspace = await configurations.current(conn, workspace_id)
        own = {name: value for name, value in attributes.items() if value is not None}
        check_location(workspace, {name: value for name, value in own.items() if name != LOCATION_PLACE})
        before = await find_location(conn, workspace_id, location)
        if before is None and await count_locations(conn, workspace_id) >= MAX_LOCATIONS:
            raise problem(409, "too_many_locations", f"A workspace has at most {MAX_LOCATIONS:,} locations.")
        ours = own_attributes(before or {})
        outside = {name: value for name, value in (before or {}).items() if name not in ours}
        kept = {**own, **outside}
        if kept != before:
            await put_location(conn, workspace_id, location, kept)
            await _note(conn, workspace_id, author, "location.put", f"location/{location}", 0, 0)
    return _view(location, kept, business_now(workspace))


async def push_to_location(
    database: Database,
    configurations: Configurations,
    workspace_id: int,
    location: str,
    facts: dict[str, OutsideFact],
) -> LocationView:
    """Push facts from outside about a location, or raise the 404."""
    async with database.transaction(workspace_id) as conn:
        await lock_configuration(conn, workspace_id)
        workspace = await configurations.current(conn, workspace_id)
        check_facts(workspace, facts, of_location=True)
        before = await find_location(conn, workspace_id, location)
        if before is None:
            raise problem(404, "location_unknown", f"There is no location {location!r}.")
        kept = pushed(before, facts, business_now(workspace))
        await put_location(conn, workspace_id, location, kept)
        await raise_revision(conn, workspace_id)
    return _view(location, kept, business_now(workspace))


def _view(location: str, kept: dict[str, Scalar], now: int) -> LocationView:
    own = own_attributes(kept)
    place = own.pop(LOCATION_PLACE, None)
    return LocationView(
        id=location,
        place=place if isinstance(place, str) else None,
        attributes=own,
        facts=outside_facts(kept, now),
    )


async def list_facts(
    database: Database,
    configurations: Configurations,
    workspace_id: int,
    code: str,
    language: Language = ENGLISH,
) -> FactList:
    """Return every fact of a program, or of its draft before it is published, with labels in ``language``.

    Raises what :func:`program_to_ask` does.
    """
    async with database.transaction(workspace_id) as conn:
        workspace = await configurations.current(conn, workspace_id)
        program = await program_to_ask(conn, workspace, workspace_id, code)
        row = workspace.row
        buckets = range(row.bucket_base, row.bucket_base + row.bucket_count)
        purposes = await known_purposes(conn, workspace_id, buckets) or ["marketing"]
    table = fact_table(program)
    facts = {name: _with_suggestions(fact, purposes) for name, fact in table.facts.items()}
    table = msgspec.structs.replace(table, facts=facts)
    return FactList(language.code, language.right_to_left, tuple(_entries(table, language)))


def _with_suggestions(fact: Fact, purposes: Sequence[str]) -> Fact:
    """Name what may be consented to, which no program knows: every channel, for purposes in use."""
    if fact.attribute != CONSENTS_KEPT:
        return fact
    values = tuple(f"{channel}.{purpose}" for purpose in purposes for channel in ConsentChannel)
    return msgspec.structs.replace(fact, values=values)


def _entries(table: FactTable, language: Language) -> list[FactEntry]:
    named: list[tuple[str | None, Fact]] = [(None, fact) for fact in table.facts.values()]
    named += [(event, fact) for event, facts in table.events.items() for fact in facts.values()]
    return [
        FactEntry(
            name=fact.name,
            type=fact.type.value,
            source=fact.source.value,
            label=label_of(fact, language),
            optional=fact.optional,
            outside=fact.outside,
            computed=fact.computed is not None,
            values=fact.values,
            value_labels=tuple(value_label(fact, value, language) for value in fact.values),
            money=is_money(fact),
            operators=tuple(operator.value for operator in operators_of(fact)),
            event=event,
        )
        for event, fact in named
    ]


async def _note(
    conn: Connection, workspace_id: int, author: Author, action: str, what: str, before: int, after: int
) -> None:
    """Write who did it, and tell every worker."""
    entry = AuditEntry(
        entry_id=_ids.next(),
        at=author.at,
        actor=author.actor,
        action=action,
        object=what,
        reason=author.note or None,
        before={"version": before} if before else None,
        after={"version": after} if after else {},
    )
    await insert_audit_entry(conn, workspace_id, entry)
    await raise_revision(conn, workspace_id)
