"""The SQL of the live path: who may write the ledger, and that every statement names its bucket."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.source import SOURCE, Sql, modules, sql_texts, tables, where

_LEDGER = ("postings", "lots", "wallets", "tier_moves")
_WRITES = re.compile(rf"\b(?:insert into|update|delete from|copy|truncate)\s+({'|'.join(_LEDGER)})\b")

# Off the hot path, and why a statement there may look at several buckets at once.
_OFF_THE_HOT_PATH = {
    "backup": "copies whole tables",
    "timers": "the dispatcher asks each bucket of every workspace by itself",
}
_OFF_THE_HOT_PATH_FOLDERS = {
    "audits": "reads everything, closed bucket by closed bucket",
    "bench": "measures, and sets up what it measures",
    "reports": "sums over buckets",
}

# Found by a key that says nothing of the customer: they tell the bucket.
_OF_NATURAL_KEYS = {"external_ids", "voucher_codes", "identifiers", "referral_codes"}

_REFERENCE = re.compile(r"\b(?:from|join|update|into)\s+(?:only\s+)?([a-z_]+)\b(?!\s*\()")
_BUCKET = re.compile(r"\bbucket\s*(?:=|between)\s*(?:any\()?(?:\$\d|[a-z_]+\.bucket|\{)")


def _customer_tables() -> set[str]:
    scoped = {name for name, columns in tables().items() if {"bucket", "customer_id"} <= set(columns)}
    return scoped - _OF_NATURAL_KEYS


def _problem(sql: Sql, customer_tables: set[str]) -> str | None:
    """Say what a statement lacks: a comparison of the bucket for each customer table that it reads."""
    text = sql.text.lower()
    inserted = re.match(r"\s*insert into\s+([a-z_]+)\s*\(([^)]*)\)", text)
    if inserted and inserted[1] in customer_tables:
        if "bucket" not in inserted[2].replace(",", " ").split():
            return f"{where(sql.path, sql.line)} inserts into {inserted[1]} without a bucket"
        text = text[inserted.end() :]
    named = [table for table in _REFERENCE.findall(text) if table in customer_tables]
    if len(_BUCKET.findall(text)) < len(named):
        return f"{where(sql.path, sql.line)} reads {', '.join(named)} without naming each one's bucket"
    return None


def test_only_the_effects_write_the_ledger() -> None:
    """Postings, lots, wallets and tier moves are written by store/effects.py alone."""
    # The benchmarks write the naive rows that ours are compared with, in a database of their own.
    writers = {
        path.relative_to(SOURCE).as_posix()
        for path in modules()
        if _WRITES.search(path.read_text().lower()) and "bench" not in path.relative_to(SOURCE).parts
    }
    assert writers == {"store/effects.py"}


def test_the_hot_path_names_its_bucket() -> None:
    """Every statement over customers' tables compares the bucket of each table that it names."""
    customer_tables = _customer_tables()
    assert {"orders", "postings", "wallets", "lots", "customers"} <= customer_tables
    checked, problems = 0, []
    for path in modules():
        rooms = path.relative_to(SOURCE).parts[:-1]
        if path.stem in _OFF_THE_HOT_PATH or not _OFF_THE_HOT_PATH_FOLDERS.keys().isdisjoint(rooms):
            continue
        for sql in sql_texts(path):
            checked += 1
            problems.append(_problem(sql, customer_tables))
    assert checked > 20
    assert [problem for problem in problems if problem] == []


@pytest.mark.parametrize(
    "text",
    [
        "select * from orders where workspace_id = $1",
        "update wallets set balance = 1 where customer_id = $1",
        "insert into lots (workspace_id, customer_id) values ($1, $2)",
        "select 1 from orders join postings on true where orders.bucket = $1",
        "delete from timers where customer_id = $1",
    ],
)
def test_a_statement_without_its_bucket_is_found(text: str) -> None:
    """The rule above sees each of these: it can fail."""
    assert _problem(Sql(SOURCE / "units.py", 1, text), _customer_tables()) is not None


def test_sql_lives_in_the_store() -> None:
    """Only the store, its reports, the replay's and the benchmarks' own tools speak SQL."""
    rooms = {
        path.relative_to(SOURCE).parts[0] for path in modules() for _ in sql_texts(path) if _speaks_sql(path)
    }
    assert rooms <= {"store", "reports", "bench"}


def _speaks_sql(path: Path) -> bool:
    return any(re.search(rf"\b({'|'.join(tables())})\b", sql.text) for sql in sql_texts(path))


def test_no_statement_uses_what_a_cluster_lacks() -> None:
    """No triggers, MERGE, materialized views, advisory locks or NOTIFY; see the design, section 12."""
    banned = re.compile(
        r"\b(create trigger|create materialized|merge into|pg_(try_)?advisory\w*|pg_notify|listen |notify )",
        re.IGNORECASE,
    )
    folder = SOURCE / "store" / "migrations"
    texts = [(path, path.read_text()) for path in folder.glob("*.sql")]
    texts += [(sql.path, sql.text) for path in modules() for sql in sql_texts(path)]
    assert [str(path) for path, text in texts if banned.search(text)] == []
