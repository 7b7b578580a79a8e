"""The reference page of everything that ``perennial audit`` checks, written from the checks themselves."""

from __future__ import annotations

from collections.abc import Iterable

from perennial.store.audits.audit import HOLDS, IDENTIFIER_HASHES, ORDERS, SEALS, SEGMENTS
from perennial.store.audits.buckets import BETWEEN_BUCKETS
from perennial.store.audits.catalog import CATALOG
from perennial.store.audits.erased import ERASED
from perennial.store.audits.invariant import Check
from perennial.store.audits.ledger import LEDGER
from perennial.store.audits.rows import ROWS

_HEAD = """# Invariants

Generated from the code: `make generate` writes this page.

`perennial audit` checks all of them. It only reads, one workspace after the other, each in a snapshot of
its own, and ends with an error and the operations concerned if anything does not hold. Each query returns a
row for everything that breaks its invariant and no row on sound data. `$1` is the workspace. In an
incremental audit `{owners}` limits a query to the owners of wallets with postings since transaction `$2`
and `{new}` to these postings; in a full one both are `true`.

Accounts are numbered: 1 wallet, 2 issued, 3 redeemed, 4 expired, 5 adjusted, 6 debt, 7 in transit, 8 closed.

What no query can find is held by the write itself: floors and caps by conditional writes with a check
behind them, once-only ids by the unique key of `external_ids`, one customer per identifier by that of
`identifiers`, and the tests in `tests/store` and `tests/races` show that each of these fails when its guard
is removed. Not stored, and so not recomputed here, is what a shortfall and a use of a limit were made of.
"""


def invariants_text() -> str:
    """Return the page as Markdown."""
    return "\n".join(
        [
            _HEAD,
            *_section("The ledger", LEDGER),
            *_section(
                "Rows that name each other",
                [*BETWEEN_BUCKETS, *ROWS, *ERASED, ORDERS, HOLDS, IDENTIFIER_HASHES, SEGMENTS],
            ),
            *_section("The sealed history", [SEALS]),
            *_section("The database", CATALOG),
        ]
    )


def _section(title: str, checks: Iterable[Check]) -> list[str]:
    return [f"## {title}\n", *map(_told, checks)]


def _told(check: Check) -> str:
    words = f"### `{check.name}`\n\n{check.words}\n"
    return f"{words}\n```sql\n{check.sql.strip()}\n```\n" if check.sql else words
