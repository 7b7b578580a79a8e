"""The life of programs on a real database: drafts, publishing, versions, rollback, units, audit."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from perennial.core.document.document import read_program, write_program
from perennial.core.document.program import Program
from perennial.flows.problems import ProblemError
from perennial.flows.programs.checks import InvalidProgramError
from perennial.flows.programs.life import (
    Author,
    apply_document,
    get_draft,
    publish,
    put_draft,
    rollback,
)
from perennial.flows.programs.versions import compare, document_of, plan_document, programs_of, versions_of
from perennial.store.database import Database
from perennial.store.programs.programs import load_versions
from tests.codebook import CODEBOOK

NOW = 1_800_000_000_000_000
TEXT = (Path(__file__).parents[2] / "examples" / "points.yaml").read_text()
STAMPS = (Path(__file__).parents[2] / "templates" / "punch-card.yaml").read_text()


def by(name: str = "Ada", at: int = NOW, note: str = "") -> Author:
    """An author."""
    return Author(name, at, note)


async def value(db: Database, workspace: int, sql: str, *parameters: Any) -> Any:
    """Ask for one value inside the workspace."""
    async with db.transaction(workspace) as conn:
        return await conn.fetchval(sql, *parameters)


async def set_clock(db: Database, workspace: int, at: int) -> None:
    """Set the sandbox's clock."""
    async with db.transaction(workspace) as conn:
        await conn.execute("update workspaces set clock_at = $2 where workspace_id = $1", workspace, at)


async def test_a_draft_is_kept_as_written_and_published_as_the_first_version(
    db: Database, workspace: int
) -> None:
    """The draft keeps the author's comments; the version is the canonical document, valid from now."""
    draft = await put_draft(db, workspace, "points", TEXT, by(), revision=0)
    assert (draft.revision, draft.problems, draft.text) == (1, (), TEXT)
    published = await publish(db, workspace, "points", by(note="go"), revision=1)
    assert (published.version, published.valid_from, published.unchanged) == (1, NOW, False)
    assert published.changes[0].words == "program “Points” is new"
    program = read_program(TEXT)
    assert isinstance(program, Program)
    assert await document_of(db, workspace, "points") == write_program(program)
    assert (await get_draft(db, workspace, "points")).text == TEXT
    (entry,) = await versions_of(db, workspace, "points")
    assert (entry.version, entry.actor, entry.note, entry.digest) == (1, "Ada", "go", published.digest)
    (listed,) = await programs_of(db, workspace)
    assert (listed.program, listed.name, listed.version, listed.draft_revision) == ("points", "Points", 1, 1)


async def test_a_draft_with_problems_is_saved_but_not_published(db: Database, workspace: int) -> None:
    """The problems come with the draft and with the refusal, and nothing is published."""
    broken = TEXT.replace("points: 250", "points: many").replace("spend: 150000", "spend: 5")
    draft = await put_draft(db, workspace, "points", broken, by())
    assert [(each.path, each.code) for each in draft.problems] == [("earning_rules[2].points", "wrong_type")]
    wrong = await put_draft(db, workspace, "points", TEXT.replace("spend: 150000", "spend: 5"), by())
    assert [each.code for each in wrong.problems] == ["not_ascending"]
    with pytest.raises(InvalidProgramError) as refusal:
        await publish(db, workspace, "points", by())
    assert refusal.value.problem.status == 422
    assert [field.path for field in refusal.value.problem.errors] == ["tiers.levels[2].reach.spend"]
    assert await versions_of(db, workspace, "points") == []
    assert await load_versions_of(db, workspace) == []


async def load_versions_of(db: Database, workspace: int) -> list[Any]:
    """Return the stored versions of a workspace."""
    async with db.transaction(workspace) as conn:
        return await load_versions(conn, workspace)


async def test_a_draft_that_somebody_else_changed_is_not_overwritten(db: Database, workspace: int) -> None:
    """Saving and publishing name the revision they have seen; another one is a 409 with the present one."""
    await put_draft(db, workspace, "points", TEXT, by(), revision=0)
    await put_draft(db, workspace, "points", TEXT + "# more\n", by("Bo"), revision=1)
    for attempt in (
        put_draft(db, workspace, "points", TEXT, by(), revision=1),
        publish(db, workspace, "points", by(), revision=1),
    ):
        with pytest.raises(ProblemError) as refusal:
            await attempt
        assert (refusal.value.problem.status, refusal.value.problem.code) == (409, "draft_changed")
        assert refusal.value.problem.details == {"revision": 2}


async def test_many_drafts_saved_at_once_leave_one_winner_per_revision(db: Database, workspace: int) -> None:
    """Of eight authors who saw the same revision, exactly one saves."""
    await put_draft(db, workspace, "points", TEXT, by())
    attempts = [
        put_draft(db, workspace, "points", f"{TEXT}# {n}\n", by(f"a{n}"), revision=1) for n in range(8)
    ]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert (await get_draft(db, workspace, "points")).revision == 2


async def test_equal_content_shares_its_parts(db: Database, workspace: int) -> None:
    """A second version that changes one rule adds one part; publishing equal content again adds none."""
    await apply_document(db, workspace, TEXT, by())
    before = await value(db, workspace, "select count(*) from program_parts")
    await apply_document(db, workspace, TEXT.replace("points: 250", "points: 300"), by())
    assert await value(db, workspace, "select count(*) from program_parts") == before + 1
    await publish(db, workspace, "points", by())
    assert await value(db, workspace, "select count(*) from program_parts") == before + 1
    digests = [entry.digest for entry in await versions_of(db, workspace, "points")]
    assert digests[0] == digests[1] != digests[2]


async def test_applying_the_version_in_force_publishes_nothing(db: Database, workspace: int) -> None:
    """Program as code can run on every deployment: only a change makes a version, comments do not."""
    first = await apply_document(db, workspace, TEXT, by())
    again = await apply_document(db, workspace, "# a comment\n" + TEXT, by())
    assert (again.version, again.unchanged, again.changes) == (1, True, ())
    assert again.digest == first.digest
    changed = await apply_document(db, workspace, TEXT.replace("points: 250", "points: 300"), by())
    words = "rule “Happy birthday”: points changed from {} to {}"
    assert [change.words for change in changed.changes] == [words.format(250, 300)]
    assert len(await versions_of(db, workspace, "points")) == 2


async def test_a_plan_says_what_would_change_and_writes_nothing(db: Database, workspace: int) -> None:
    """Planning a new program, a change, and a document with problems."""
    new = await plan_document(db, workspace, TEXT, CODEBOOK)
    assert (new.program, new.version, new.problems) == ("points", None, ())
    assert new.changes[0].words == "program “Points” is new"
    assert await programs_of(db, workspace) == []
    await apply_document(db, workspace, TEXT, by())
    change = await plan_document(db, workspace, TEXT.replace("currency: USD", "currency: EUR"), CODEBOOK)
    assert [problem.code for problem in change.problems] == ["currency_changed"]
    better = await plan_document(db, workspace, TEXT.replace("value: 500", "value: 600"), CODEBOOK)
    [changed] = better.changes
    assert changed.path == "rewards[five-off].gives[0].value"
    assert changed.words.endswith("value changed from 5.00 USD to 6.00 USD")


async def test_rollback_publishes_older_content_as_a_new_version(db: Database, workspace: int) -> None:
    """Version 3 is version 1 again, byte for byte; the draft stays; the list tells."""
    await apply_document(db, workspace, TEXT, by())
    second = TEXT.replace("points: 250", "points: 300")
    await apply_document(db, workspace, second, by())
    back = await rollback(db, workspace, "points", 1, by("Bo", NOW + 5))
    assert (back.version, back.valid_from) == (3, NOW + 5)
    words = "rule “Happy birthday”: points changed from {} to {}"
    assert [change.words for change in back.changes] == [words.format(300, 250)]
    assert await document_of(db, workspace, "points", 3) == await document_of(db, workspace, "points", 1)
    assert (await get_draft(db, workspace, "points")).text == second
    entries = await versions_of(db, workspace, "points")
    assert [(entry.version, entry.note) for entry in entries] == [(3, "back to version 1"), (2, ""), (1, "")]
    assert [c.words for c in await compare(db, workspace, "points", 2, "draft")] == []
    assert [c.words for c in await compare(db, workspace, "points", 3, 2)] == [words.format(250, 300)]


async def test_units_are_given_once_and_never_again(db: Database, workspace: int) -> None:
    """A wallet keeps its number through versions; a new one gets the next number of the workspace."""
    await apply_document(db, workspace, TEXT, by())
    await apply_document(db, workspace, STAMPS, by())
    more = TEXT.replace("wallets:", "wallets:\n  - {id: stars, name: Stars}").replace(
        "    type: per_amount", "    type: per_amount\n    wallet: points"
    )
    fixed = more.replace("    type: fixed", "    type: fixed\n    wallet: points")
    fixed = fixed.replace("    price: 500", "    price: 500\n    wallet: points")
    await apply_document(db, workspace, fixed, by())
    versions = await load_versions_of(db, workspace)
    assert [(v.program_id, v.number, v.units) for v in versions] == [
        (1, 1, {"points": 1, "stars": 3}),
        (1, 2, {"points": 1, "stars": 3}),
        (2, 1, {"stamps": 2}),
    ]
    assert versions[1].program == read_program(fixed)


async def test_a_wallet_goes_only_when_nobody_holds_points_in_it(db: Database, workspace: int) -> None:
    """Removing a wallet, by a document or by rollback, is refused while a member has a balance there."""
    await apply_document(db, workspace, TEXT, by())
    wallets = "wallets:\n  - {id: stars, name: Stars}"
    more = TEXT.replace("wallets:", wallets).replace("    type: fixed", "    type: fixed\n    wallet: points")
    more = more.replace("    type: per_amount", "    type: per_amount\n    wallet: points")
    more = more.replace("    price: 500", "    price: 500\n    wallet: points")
    await apply_document(db, workspace, more, by())
    async with db.transaction(workspace) as conn:
        await conn.execute(
            """
            insert into wallets (bucket, workspace_id, customer_id, unit_id, balance, pending, debt,
                                 shortfall, earned, spent, expired, activated_until)
            values ($1, $1, gen_random_uuid(), 2, 5, 0, 0, 0, 5, 0, 0, $2)
            """,
            workspace,
            NOW,
        )
    for attempt in (apply_document(db, workspace, TEXT, by()), rollback(db, workspace, "points", 1, by())):
        with pytest.raises(InvalidProgramError) as refusal:
            await attempt
        assert [problem.code for problem in refusal.value.problems] == ["wallet_in_use"]
    async with db.transaction(workspace) as conn:
        await conn.execute("update wallets set balance = 0 where unit_id = 2")
    assert (await rollback(db, workspace, "points", 1, by())).version == 3


async def test_programs_of_a_workspace_agree_on_attributes(db: Database, workspace: int) -> None:
    """Two programs that declare one attribute with different types cannot both be published."""
    await apply_document(db, workspace, TEXT, by())
    other = STAMPS.replace(
        "declarations:", "declarations:\n  events:\n    review.posted: {attributes: {rating: {type: text}}}"
    )
    with pytest.raises(InvalidProgramError) as refusal:
        await apply_document(db, workspace, other, by())
    assert [(each.path, each.code) for each in refusal.value.problems] == [
        ("declarations.events.review.posted.attributes.rating", "declared_differently")
    ]
    assert [entry.program for entry in await programs_of(db, workspace)] == ["points"]


async def test_every_change_raises_the_revision_and_is_in_the_audit_log(db: Database, workspace: int) -> None:
    """Publishing tells the workers and notes who, what and why, in the same transaction as the version."""
    before = await value(db, workspace, "select revision from workspaces where workspace_id = $1", workspace)
    first = await apply_document(db, workspace, TEXT, by(note="launch"))
    assert (
        await value(db, workspace, "select revision from workspaces where workspace_id = $1", workspace)
        == before + 1
    )
    with pytest.raises(InvalidProgramError):
        await apply_document(db, workspace, TEXT.replace("spend: 150000", "spend: 5"), by())
    assert (
        await value(db, workspace, "select revision from workspaces where workspace_id = $1", workspace)
        == before + 1
    )
    await rollback(db, workspace, "points", 1, by("Bo", note="oops"))
    assert (
        await value(db, workspace, "select revision from workspaces where workspace_id = $1", workspace)
        == before + 2
    )
    async with db.transaction(workspace) as conn:
        rows = await conn.fetch(
            "select action, actor, object, reason, before, after from audit_entries order by at, entry_id"
        )
    entries = [(*row[:4], json.loads(row[4] or b"null"), json.loads(row[5])) for row in rows]
    assert entries == [
        ("program.draft_saved", "Ada", "program/points", "launch", {"revision": 0}, {"revision": 1}),
        (
            "program.published",
            "Ada",
            "program/points",
            "launch",
            None,
            {"version": 1, "digest": first.digest},
        ),
        (
            "program.rolled_back",
            "Bo",
            "program/points",
            "oops",
            {"version": 1, "digest": first.digest},
            {"version": 2, "digest": first.digest},
        ),
    ]


async def test_a_version_is_valid_from_business_time(db: Database, workspace: int) -> None:
    """In a sandbox the test clock counts, not the wall; no version is valid before the one before it."""
    await set_clock(db, workspace, 1_000_000)
    first = await apply_document(db, workspace, TEXT, by())
    assert first.valid_from == 1_000_000
    await set_clock(db, workspace, 9_000_000)
    draft = TEXT.replace("points: 250", "points: 300")
    await put_draft(db, workspace, "points", draft, by())
    for wanted in (999_999, 9_000_001):
        with pytest.raises(ProblemError) as refusal:
            await publish(db, workspace, "points", by(), valid_from=wanted)
        assert refusal.value.problem.code == "valid_from"
    second = await publish(db, workspace, "points", by(), valid_from=5_000_000)
    assert second.valid_from == 5_000_000
    versions = await load_versions_of(db, workspace)
    assert [(v.number, v.valid_from) for v in versions] == [(1, 1_000_000), (2, 5_000_000)]


async def test_parallel_publications_queue_up(db: Database, workspace: int) -> None:
    """Six programs and six versions of one program published at once: every number and unit is used once."""
    await apply_document(db, workspace, TEXT, by())
    names = [
        TEXT.replace("program: points", f"program: p{n}").replace("WELCOME10", f"WELCOME{n}")
        for n in range(6)
    ]
    changes = [TEXT.replace("points: 250", f"points: {n}") for n in range(6)]
    await asyncio.gather(*(apply_document(db, workspace, text, by()) for text in (*names, *changes)))
    versions = await load_versions_of(db, workspace)
    own = sorted(v.number for v in versions if v.program_id == 1)
    assert own == [1, 2, 3, 4, 5, 6, 7]
    assert sorted({v.program_id for v in versions}) == [1, 2, 3, 4, 5, 6, 7]
    assert sorted({unit for v in versions for unit in v.units.values()}) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        (lambda db, ws: get_draft(db, ws, "nothing"), "program_unknown"),
        (lambda db, ws: publish(db, ws, "nothing", by()), "program_unknown"),
        (lambda db, ws: rollback(db, ws, "nothing", 1, by()), "program_unknown"),
        (lambda db, ws: document_of(db, ws, "nothing"), "program_unknown"),
        (lambda db, ws: versions_of(db, ws, "nothing"), "program_unknown"),
        (lambda db, ws: put_draft(db, ws, "No!", TEXT, by()), "program_id"),
        (lambda db, ws: put_draft(db, ws, "points", "a" * 1_048_577, by()), "draft_too_large"),
        (lambda db, ws: put_draft(db, ws, "points", "a\0b", by()), "draft_too_large"),
    ],
)
async def test_what_is_not_there_is_a_problem(db: Database, workspace: int, attempt: Any, code: str) -> None:
    """Unknown programs and impossible drafts are answered with their own code."""
    with pytest.raises(ProblemError) as refusal:
        await attempt(db, workspace)
    assert refusal.value.problem.code == code


async def test_a_draft_of_another_program_is_named(db: Database, workspace: int) -> None:
    """The document of points saved as the draft of stars cannot be published."""
    draft = await put_draft(db, workspace, "stars", TEXT, by())
    assert [(each.path, each.code) for each in draft.problems] == [("program", "other_program")]


async def test_two_workspaces_do_not_see_each_other(db: Database, workspace: int, database_url: str) -> None:
    """The same program in two workspaces has its own rows in each."""
    await apply_document(db, workspace, TEXT, by())
    with pytest.raises(ProblemError):
        await document_of(db, workspace + 10_000, "points")
