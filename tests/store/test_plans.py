"""Every hot statement finds its rows by whole keys, however little the planner knows.

A plan is kept for the life of a connection. One that was made while a table was empty, and reads a
whole bucket to filter it, would get slower with every order: the statements are written so that no
such plan exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from asyncpg import Connection

from perennial.reports import launch
from perennial.store import (
    budgets,
    effects,
    events,
    external_ids,
    members,
    memberships,
    messages,
    orders,
    segments,
    timers,
)
from perennial.store.audits import seal
from perennial.store.codes import cards, guest_redemptions, pools, vouchers
from perennial.store.customers import consents, customers, identifiers
from perennial.store.database import LIVE_PATH
from perennial.store.programs import surroundings

_KEYS = {
    "customers": {"bucket", "workspace_id", "customer_id"},
    "timers": {"bucket", "workspace_id", "customer_id"},
    "memberships": {"bucket", "workspace_id", "customer_id"},
    "tier_moves": {"bucket", "workspace_id", "customer_id"},
    "wallets": {"bucket", "workspace_id", "customer_id"},
    "lots": {"bucket", "workspace_id", "customer_id"},
    "counters": {"bucket", "workspace_id", "customer_id", "period"},
    "limit_uses": {"bucket", "workspace_id", "customer_id", "period"},
    "orders": {"bucket", "workspace_id", "customer_id", "order_id"},
    "events": {"bucket", "workspace_id", "customer_id", "event_id"},
    "external_ids": {"workspace_id", "kind", "id_hash"},
    "budgets": {"workspace_id", "budget_id", "period"},
    "workspaces": {"workspace_id"},
    "identifiers": {"workspace_id", "id_hash"},
    "vouchers": {"bucket", "workspace_id", "customer_id"},
    "entitlements": {"bucket", "workspace_id", "customer_id"},
    "voucher_codes": {"workspace_id", "code_hash"},
    "voucher_batches": {"workspace_id", "batch_id"},
    "redemptions": {"bucket", "workspace_id", "customer_id"},
    "guest_redemptions": {"workspace_id", "order_id"},
    "merged_customers": {"bucket", "workspace_id", "customer_id"},
    "segment_members": {"bucket", "workspace_id", "customer_id"},
    "consents": {"bucket", "workspace_id", "customer_id"},
    "consent_records": {"bucket", "workspace_id", "customer_id"},
    "messages": {"bucket", "workspace_id", "customer_id"},
}

# Found by another key of the table: all that a customer has, or who lives in a household.
_OTHER_KEYS = {
    ("customers", "customers_household"): {"bucket", "workspace_id", "household_id"},
    ("identifiers", "identifiers_customer"): {"bucket", "customer_id"},
    ("redemptions", "redemptions_order"): {"bucket", "workspace_id", "customer_id", "order_id"},
    ("redemptions", "redemptions_due"): {"bucket", "held_until"},
    ("vouchers", "vouchers_closed"): {"bucket", "workspace_id", "voucher_id"},
    ("vouchers", "vouchers_pool"): {"bucket", "batch_id", "voucher_id"},
}

# What one customer has bought or returned, all of it: by the part of the key that names the customer.
_OF_CUSTOMERS = {
    "orders._LOAD_PAID_BEFORE": {"orders": _KEYS["orders"] - {"order_id"}},
    "events._LOAD_OF_ORDER": {"events": _KEYS["events"] - {"event_id"}},
}

_STATEMENTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in (
        budgets,
        cards,
        consents,
        customers,
        effects,
        events,
        external_ids,
        guest_redemptions,
        identifiers,
        members,
        memberships,
        messages,
        orders,
        pools,
        vouchers,
    )
    for name, value in vars(module).items()
    if isinstance(value, str)
    and re.match(r"\s*(select|insert|update|delete|with)\b", value)
    and module is not members
}
# Erasing asks who is erased, of a policy; these are few, and have an index of their own.
for _name in ("consents._ERASE_STANDING", "consents._ERASE_RECORDS", "messages._ERASE_MESSAGES"):
    del _STATEMENTS[_name]
# What is due is found by when it is, and not by whose it is.
for _name in ("FIND_DUE_MESSAGES", "_DUE_BUCKETS"):
    del _STATEMENTS[f"messages.{_name}"]
# Batches are found by what they are of and listed by when they were made, and are few.
for _name in ("_LIST_BATCHES", "_BATCHES_OF_REWARD"):
    del _STATEMENTS[f"pools.{_name}"]
_STATEMENTS["members.load_statement"] = members.load_statement(2, 3, segments=True)
_STATEMENTS["members.load_statement, since when"] = members.load_statement(0, 0, segments=True, since=True)
_OF_LEAVERS = "segments.DELETE_SEGMENT_MEMBERS"
_STATEMENTS[_OF_LEAVERS] = segments.DELETE_SEGMENT_MEMBERS
_STATEMENTS.pop("effects.UPDATE_ORDERS")  # it is that of the orders
_BY_LISTS = {
    _OF_LEAVERS,
    "effects.TAKE_FROM_WALLETS",
    "effects._TAKE_FROM_LOTS",
    "memberships.MOVE_TIERS",
    "orders.UPDATE_ORDERS",
}
# From this version on PostgreSQL looks a list of keys up even where it believes that there is one row.
_CHOOSES_LISTS = 17


def _scans(plan: dict[str, Any]) -> list[dict[str, Any]]:
    below = [scan for child in plan.get("Plans", ()) for scan in _scans(child)]
    return [plan, *below] if "Relation Name" in plan and "Scan" in plan["Node Type"] else below


def _pairs(plan: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the kinds of all nodes of a plan, each with that of a node below it."""
    below = plan.get("Plans", ())
    here = [(plan["Node Type"], child["Node Type"]) for child in below]
    return here + [pair for child in below for pair in _pairs(child)]


def _statements(conn: Connection) -> dict[str, str]:
    """Return the statements by their name, but for those that older servers plan well only with rows."""
    if conn.get_server_version().major >= _CHOOSES_LISTS:
        return _STATEMENTS
    return {name: text for name, text in _STATEMENTS.items() if name not in _BY_LISTS}


async def _plan(conn: Connection, statement: str) -> dict[str, Any]:
    """Return the plan that serves any parameters, under the settings of the live path."""
    parameters = {int(number) for number in re.findall(r"\$(\d+)", statement)}
    for setting, value in LIVE_PATH.items():
        await conn.execute(f"set local {setting} = {value}")
    await conn.execute(f"prepare hot as {statement}")
    values = ", ".join(["null"] * max(parameters, default=0))
    text = await conn.fetchval(f"explain (format json) execute hot({values})")
    await conn.execute("deallocate hot")
    plan: dict[str, Any] = json.loads(text)[0]["Plan"]
    return plan


def _unbounded(plan: dict[str, Any], keys: Mapping[str, set[str]] = MappingProxyType({})) -> list[str]:
    """Name the tables of a plan that are not read by the whole key, or by that of ``keys``."""
    problems = []
    for scan in _scans(plan):
        if scan["Node Type"] == "Tid Scan":
            continue  # the places of rows that another scan has found
        table, condition = scan["Relation Name"], scan.get("Index Cond", "")
        key = keys.get(table) or _OTHER_KEYS.get((table, scan.get("Index Name", "")), _KEYS[table])
        missing = {column for column in key if not re.search(rf"\b{column}\b", condition)}
        if scan["Node Type"] not in ("Index Scan", "Index Only Scan") or missing:
            problems.append(f"{scan['Node Type']} of {table} without {sorted(missing)}: {condition}")
    return problems


def test_the_hot_statements_are_all_here() -> None:
    """The statements are those that the modules hold: more than twenty, the known ones among them."""
    assert len(_STATEMENTS) > 20
    assert {
        "members.load_statement",
        "customers._LOCK_CUSTOMERS",
        "external_ids._FIND_EXTERNAL_IDS",
        "effects.TAKE_FROM_WALLETS",
        "budgets._LOCK_BUDGETS",
    } <= set(_STATEMENTS)


@pytest.mark.parametrize("role", ["perennial_worker", "perennial"])
async def test_empty_tables_make_no_bad_plans(superuser: Connection, role: str) -> None:
    """On a database where every table is empty and nothing was analyzed, every look-up is by key."""
    problems = {}
    for name, statement in _statements(superuser).items():
        async with superuser.transaction():
            if role == "perennial_worker":
                await superuser.execute(f"set local role {role}")
            problems[name] = _unbounded(await _plan(superuser, statement), _OF_CUSTOMERS.get(name, {}))
    assert {name: found for name, found in problems.items() if found} == {}


async def test_tables_analyzed_while_empty_make_no_bad_plans(superuser: Connection) -> None:
    """PostgreSQL then knows that a table has no pages, and reading it whole looks like nothing."""
    problems = {}
    async with superuser.transaction():
        await superuser.execute("analyze")
        for name, statement in _statements(superuser).items():
            problems[name] = _unbounded(await _plan(superuser, statement), _OF_CUSTOMERS.get(name, {}))
    assert {name: found for name, found in problems.items() if found} == {}


async def test_leavers_are_found_by_key_where_there_are_members(superuser: Connection) -> None:
    """On every server, as soon as it knows that a bucket has many."""
    async with superuser.transaction():
        await superuser.execute(
            """
            insert into segment_members (bucket, workspace_id, customer_id, segment_id, entered_at)
            select n % 4, 1, gen_random_uuid(), 1, now() from generate_series(1, 20000) as n
            """
        )
        await superuser.execute("analyze segment_members")
        assert _unbounded(await _plan(superuser, segments.DELETE_SEGMENT_MEMBERS)) == []


async def test_what_is_changed_by_lists_is_found_by_key_where_there_are_rows(superuser: Connection) -> None:
    """So it is with wallets, lots, memberships and orders that a batch changes."""
    rows = {
        "wallets (bucket, workspace_id, customer_id, unit_id, balance, pending, debt, shortfall, earned,"
        " spent, expired, activated_until)": "1, 1, 0, 0, 0, 1, 0, 0, now()",
        "lots (bucket, workspace_id, customer_id, unit_id, lot_id, granted, remaining, origin,"
        " available_at)": "1, n, 1, 1, 1, now()",
        "memberships (bucket, workspace_id, customer_id, program_id, joined_at, source)": "n, now(), ''",
        "orders (bucket, workspace_id, customer_id, order_id, operation_id, status, revision, external_id,"
        " net, occurred_at, recorded_at, body, decision, answer)": (
            "gen_random_uuid(), gen_random_uuid(), 1, 1, n::text, 1, now(), now(), '', '', ''"
        ),
    }
    async with superuser.transaction():
        for table, values in rows.items():
            await superuser.execute(
                f"insert into {table} select n % 4, 1, gen_random_uuid(), {values}"
                " from generate_series(1, 20000) as n"
            )
        await superuser.execute("analyze wallets, lots, memberships, orders")
        for name in sorted(_BY_LISTS - {_OF_LEAVERS}):
            assert _unbounded(await _plan(superuser, _STATEMENTS[name])) == [], name


async def test_a_plan_that_filters_a_bucket_is_seen(superuser: Connection) -> None:
    """The check can fail: the plain form of a look-up has such a plan on an empty table."""
    async with superuser.transaction():
        plan = await _plan(
            superuser,
            "select * from wallets where bucket = $2 and workspace_id = $1 and balance = any($3::bigint[])",
        )
    assert _unbounded(plan) != []


async def test_the_way_to_launch_is_read_from_the_workspaces_own_buckets(superuser: Connection) -> None:
    """What a customer has is looked for in a range of buckets, and not in those of every workspace."""
    async with superuser.transaction():
        plan = await _plan(superuser, launch._READ_LAUNCH)  # noqa: SLF001
    # A bitmap scan reads its index below.
    found = [(scan, scan if "Index Cond" in scan else scan["Plans"][0]) for scan in _scans(plan)]
    read = {scan["Relation Name"]: index["Index Cond"] for scan, index in found}
    for table in ("memberships", "orders", "postings"):
        for part in ("bucket >= ", "bucket <= ", "workspace_id = "):
            assert part in read[table], table


async def test_the_due_are_found_by_instant(superuser: Connection) -> None:
    """Who is due is read from the index of instants, not from all timers of the bucket."""
    async with superuser.transaction():
        plan = await _plan(superuser, timers._DUE_CUSTOMERS)  # noqa: SLF001
    (scan,) = _scans(plan)
    index = scan if "Index Name" in scan else scan["Plans"][0]  # a bitmap scan reads its index below
    assert index["Index Name"] == "timers_due"
    assert "due_at" in index["Index Cond"]


@pytest.mark.parametrize("rows", [0, 20_000])
async def test_due_messages_are_found_by_instant(superuser: Connection, rows: int) -> None:
    """Which are due, and in which buckets, is read from the index of those that wait, however many went."""
    async with superuser.transaction():
        await superuser.execute(
            """
            insert into messages (bucket, workspace_id, customer_id, message_id, operation_id, source_id,
                program_id, version, caused_at, due_at, until, ended_at, state, attempts, message, channel)
            select 1, 1, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
                gen_random_uuid(), 1, 1, now(), now(), now(),
                now(), case when n % 100 = 0 then 1 else 3 end, 1, 'welcome', 'email'
            from generate_series(1, $1::int) as n
            """,
            rows,
        )
        await superuser.execute("analyze messages")
        read = _scans(await _plan(superuser, messages.FIND_DUE_MESSAGES))
        asked = _scans(await _plan(superuser, messages._DUE_BUCKETS))  # noqa: SLF001
    read += [scan for scan in asked if scan["Relation Name"] == "messages"]
    assert [scan["Index Name"] for scan in read] == ["messages_due", "messages_due"]
    for scan in read:
        for part in ("bucket = ", "workspace_id = "):
            assert part in scan["Index Cond"]
    assert "due_at <= " in read[0]["Index Cond"]


@pytest.mark.parametrize("statement", [seal._XACT_BEHIND, seal._READ_BLOCK])  # noqa: SLF001
@pytest.mark.parametrize("rows", [0, 20_000])
async def test_a_block_is_read_by_its_transactions(superuser: Connection, statement: str, rows: int) -> None:
    """Sealing reads what was written since the last block, and not the bucket, however many rows it has."""
    async with superuser.transaction():
        await superuser.execute(
            """
            insert into postings (bucket, workspace_id, customer_id, operation_id, position, debit, credit,
                program_id, amount, lot_id, at, xact, unit_id, version, source_id)
            select 1, 1, gen_random_uuid(), gen_random_uuid(), 0, 1, 2, 1, 1, 0, now(), n / 70, 1, 1,
                gen_random_uuid()
            from generate_series(1, $1::int) as n
            """,
            rows,
        )
        await superuser.execute("analyze postings, tier_moves")
        plan = await _plan(superuser, statement)
    scans = {scan["Relation Name"]: scan for scan in _scans(plan)}
    assert set(scans) == {"postings", "tier_moves"}
    for table, scan in scans.items():
        index = scan if "Index Name" in scan else scan["Plans"][0]  # a bitmap scan reads its index below
        assert index["Index Name"] == f"{table}_written"
        for part in ("bucket = ", "workspace_id = ", "xact >= ", "xact < "):
            assert part in index["Index Cond"]


async def test_where_a_block_ends_is_found_without_reading_on(superuser: Connection) -> None:
    """Both tables are walked in the order of their transactions, and no further than the block goes."""
    async with superuser.transaction():
        plan = await _plan(superuser, seal._XACT_BEHIND)  # noqa: SLF001
    assert [kind for kind, below in _pairs(plan) if below == "Index Only Scan"] == ["Limit", "Limit"]


@pytest.mark.parametrize("role", ["perennial_worker", "perennial"])
@pytest.mark.parametrize("rows", [0, 5_000])
async def test_purposes_are_found_one_by_one(superuser: Connection, role: str, rows: int) -> None:
    """From one purpose to the next by an index, whoever asks, and however many have said something."""
    async with superuser.transaction():
        await superuser.execute(
            "insert into consents (bucket, workspace_id, customer_id, channel, purpose, given, at, record_id)"
            " select n % 4, 1, gen_random_uuid(), 'email', 'p' || n % 3, true, now(), gen_random_uuid()"
            " from generate_series(1, $1::int) as n",
            rows,
        )
        await superuser.execute("analyze consents")
        if role == "perennial_worker":
            await superuser.execute(f"set local role {role}")
        first, later = _scans(await _plan(superuser, surroundings._KNOWN_PURPOSES))  # noqa: SLF001
    for scan, parts in ((first, 2), (later, 3)):
        assert (scan["Node Type"], scan["Index Name"]) == ("Index Only Scan", "consents_purposes")
        missing = ["bucket = ", "workspace_id = ", "purpose > "][:parts]
        assert [part for part in missing if part not in scan["Index Cond"]] == []


@pytest.mark.parametrize("role", ["perennial_worker", "perennial"])
@pytest.mark.parametrize("name", ["_COUNT_POOL", "_READ_POOL", "_HAS_FREE"])
async def test_a_batch_is_read_by_its_own_index(superuser: Connection, name: str, role: str) -> None:
    """In each bucket only the codes of the batch are read, and not all vouchers, also where none is yet."""
    for prepared in ("select 1", "analyze vouchers"):
        async with superuser.transaction():
            await superuser.execute(prepared)
            if role == "perennial_worker":
                await superuser.execute(f"set local role {role}")
            plan = await _plan(superuser, _STATEMENTS[f"pools.{name}"])
        (scan,) = [each for each in _scans(plan) if each["Relation Name"] == "vouchers"]
        assert (scan["Node Type"], scan["Index Name"]) == ("Index Scan", "vouchers_pool")
        for part in ("bucket = ", "batch_id = ", "(customer_id = voucher_id) = "):
            assert part in scan["Index Cond"]


async def test_a_filling_table_makes_no_bad_plan(superuser: Connection) -> None:
    """A customer's timer is found by its key while the table fills, analyzed when it was empty.

    At a few hundred rows the index of instants is a level lower than the key, and a look-up by it
    would look cheaper.
    """
    async with superuser.transaction():
        await superuser.execute("analyze timers")
        for rows in (10, 300, 3_000):
            await superuser.execute(
                "insert into timers (bucket, workspace_id, customer_id, due_at)"
                " select 1, 1, gen_random_uuid(), now() from generate_series(1, $1::int)",
                rows,
            )
            assert _unbounded(await _plan(superuser, members.load_statement(2, 3))) == []
            (scan,) = _scans(await _plan(superuser, timers._DUE_CUSTOMERS))  # noqa: SLF001
            assert (scan["Node Type"], scan["Index Name"]) == ("Index Scan", "timers_due")
