"""A few dozen customers as the store keeps them and as the core sees them: the same ones, twice."""

from __future__ import annotations

from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection

from perennial.core.customers.consents import CONSENTS_KEPT
from perennial.core.dates.periods import Period, period_of
from perennial.core.facts import STALE_FROM
from perennial.core.member import Member, Membership, Wallet
from perennial.core.orders.order import Scalar
from perennial.core.version import Metric
from perennial.store.customers.customers import CustomerRow, insert_customers
from perennial.store.external_ids import IdKind
from perennial.units import DAY, HOUR, SECOND, Instant, format_instant, parse_instant
from tests.laws.kept import CONSENTED

BUCKET = WORKSPACE = 9_001
PROGRAM_ID = 3
UNITS = {"points": 11, "stamps": 12}
SIZE = 60
MOMENTS = [
    parse_instant(text)
    for text in (
        "2024-02-28T23:30:00Z",
        "2024-02-29T12:00:00Z",
        "2025-02-28T11:00:00Z",
        "2025-03-30T01:00:00Z",
        "2025-12-31T23:00:00Z",
        "2026-06-30T22:00:00Z",
    )
]
"""The instants at which conditions are judged: leap days, changes of the clock, ends of years."""

_TEXTS = ["", "a", "b", "ab", "b a", "coffee", "tea", "Tea", "ä", "😀", "2024-02-29", "true", "5"]
_DATES = ["2000-02-29", "1999-02-28", "1970-01-01", "2024-03-01", "0001-01-03", "9999-12-29", "1984-12-31"]
_NO_DATES = [
    "2023-02-29",
    "1900-02-29",
    "2024-13-01",
    "2024-00-10",
    "0000-01-01",
    "24-01-01",
    "2024-1-1 ",
    "2024-04-31",
]
_INSTANTS = [
    "2024-02-28T23:30:00Z",
    "2024-02-29T00:30:00+01:00",
    "2024-02-28 18:00:00.5-05:30",
    "2025-12-31T23:59:59.999999Z",
    "2026-01-01T00:00+0100",
    "1900-01-01T00:00:00+00:00",
]
_NO_INSTANTS = [
    "2024-02-30T00:00:00Z",
    "2024-02-28T23:30:00",
    "1899-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "x",
]
_PLACES = ["0,0", "90,180", "-52.520008,13.404954", "91,0", "0,180.000001", "1.1234567,1", "1, 2", ""]
_OF_TYPE: dict[str, list[Scalar]] = {
    "text": [*_TEXTS],
    "integer": [-3, 0, 1, 2, 3, 5, 99, 100, 101, 1_000, 10**15, -(10**15)],
    "boolean": [True, False],
    "date": [*_DATES, *_NO_DATES],
    "instant": [*_INSTANTS, *_NO_INSTANTS, *(format_instant(at) for at in MOMENTS)],
    "place": [*_PLACES],
    "birthday": [*_DATES, *_NO_DATES, "2001-03-30", "2001-06-30", "2001-07-01"],
    "weather": [*_TEXTS],
}


_COUNTED = [-2, 0, 1, 1, 2, 3, 99, 100, 1_000]
_DAYS_AGO = [-1, 0, 1, 2, 6, 7, 29, 30, 31, 60, 90, 364, 365, 366, 800]


class _Numbers(dict[str, int]):
    """A number for every segment that anybody asks about."""

    def __contains__(self, code: object) -> bool:
        return True

    def __missing__(self, code: str) -> int:
        self[code] = len(self) + 1
        return self[code]


SEGMENTS = _Numbers()


class Population:
    """Customers of one bucket; counters are made up, and stored, for each metric that is asked for."""

    def __init__(self, chance: Random) -> None:
        self.rows: list[CustomerRow] = []
        self.members: list[Member] = []
        self._known: set[int] = set()
        for number in range(1, SIZE + 1):
            household = UUID(int=10_000 + number % 3) if number % 5 == 0 else None
            row = CustomerRow(UUID(int=number), f"c{number}", 0, _attributes(chance), household)
            self.rows.append(row)
            member = Member(row.customer_id, row.owner, row.attributes)
            member.segments = dict.fromkeys(chance.sample(_TEXTS, chance.choice([0, 0, 1, 3])), 0)
            if chance.random() < 0.8:
                member.memberships[PROGRAM_ID] = _membership(chance)
            self.members.append(member)
        owned: dict[UUID, dict[int, Wallet]] = {}
        for member in self.members:
            member.wallets = owned.setdefault(member.owner, _wallets(chance))

    async def store(self, conn: Connection) -> None:
        """Store everybody, three households, of which one lies elsewhere, and one customer who was erased."""
        await conn.execute(
            "insert into workspaces (workspace_id, code, name, sandbox, bucket_base, bucket_count, "
            "created_at) values ($1, 'laws', 'Laws', true, $1, 2, now())",
            WORKSPACE,
        )
        households = [CustomerRow(UUID(int=10_000 + number), f"h{number}", 0) for number in range(3)]
        await insert_customers(conn, WORKSPACE, BUCKET, self.rows)
        for household in households:
            await insert_customers(conn, WORKSPACE, _home(household.customer_id), [household])
            await conn.execute(
                "insert into external_ids (workspace_id, kind, id_hash, bucket, customer_id) "
                "values ($1, $2, $3, $4, $3)",
                WORKSPACE,
                IdKind.HOUSEHOLD,
                household.customer_id,
                _home(household.customer_id),
            )
        await conn.execute(
            "insert into customers (bucket, workspace_id, customer_id, created_at, erased_at, external_id) "
            "values ($1, $1, $2, now(), now(), '')",
            BUCKET,
            UUID(int=20_000),
        )
        for member in self.members:
            for program_id, each in member.memberships.items():
                await conn.execute(
                    "insert into memberships (bucket, workspace_id, customer_id, program_id, joined_at, "
                    "source, tier, left_at) values ($1, $1, $2, $3, $4, $5, $6, $7)",
                    BUCKET,
                    member.customer_id,
                    program_id,
                    each.joined_at,
                    each.source,
                    each.tier,
                    each.left_at,
                )
        inside = [
            (BUCKET, WORKSPACE, member.customer_id, SEGMENTS[code], 0)
            for member in self.members
            for code in member.segments
        ]
        columns = ("bucket", "workspace_id", "customer_id", "segment_id", "entered_at")
        await conn.copy_records_to_table("segment_members", columns=columns, records=inside)
        owners = {member.owner: member.wallets for member in self.members}
        for owner, wallets in owners.items():
            for unit, wallet in wallets.items():
                await conn.execute(
                    "insert into wallets (bucket, workspace_id, customer_id, unit_id, balance, pending, "
                    "debt, shortfall, earned, spent, expired, activated_until) "
                    "values ($1, $2, $3, $4, $5, $6, $7, 0, $8, 0, 0, now())",
                    _home(owner),
                    WORKSPACE,
                    owner,
                    unit,
                    wallet.balance,
                    wallet.pending,
                    wallet.debt,
                    wallet.earned,
                )

    async def count(self, conn: Connection, metrics: tuple[Metric, ...], zone: ZoneInfo) -> None:
        """Make up what everybody has counted of these metrics, around the moments."""
        new = [metric for metric in metrics if metric.number not in self._known]
        rows = []
        for metric in new:
            self._known.add(metric.number)
            chance = Random(metric.number)
            for member in self.members:
                periods = {
                    _period(metric.period, zone, chance) for _ in range(chance.choice([0, 1, 2, 2, 6]))
                }
                counted = {period: chance.choice([-2, 0, 1, 1, 2, 3, 99, 100, 1_000]) for period in periods}
                if counted:
                    member.counters[metric.number] = counted
                rows += [
                    (BUCKET, WORKSPACE, member.customer_id, metric.number, value, period)
                    for period, value in counted.items()
                ]
        if rows:
            await conn.copy_records_to_table("counters", records=rows)


def _home(owner: UUID) -> int:
    """Return the bucket in which the wallets of an owner lie: those of one household are in another one."""
    return BUCKET + 1 if owner == UUID(int=10_002) else BUCKET


def _attributes(chance: Random) -> dict[str, Scalar]:
    found: dict[str, Scalar] = {}
    every = [value for values in _OF_TYPE.values() for value in values]
    for name, values in _OF_TYPE.items():
        if chance.random() < 0.8:
            found[name] = chance.choice(values if chance.random() < 0.8 else [*every, None])
    if chance.random() < 0.8:
        stale: list[Scalar] = [chance.choice(MOMENTS) // SECOND + step for step in (-1, 0, 1, 10**9)]
        found[f"weather{STALE_FROM}"] = chance.choice([*stale, "soon", None, True])
    if chance.random() < 0.7:
        given = [each for each in CONSENTED if chance.random() < 0.5]
        found[CONSENTS_KEPT] = chance.choice([",".join(sorted(given)), ",".join(sorted(given)), "", None, 7])
    return found


def _membership(chance: Random) -> Membership:
    moment = chance.choice(MOMENTS)
    joined = moment - chance.choice([0, HOUR, 2 * HOUR, DAY, 30 * DAY, 365 * DAY, 366 * DAY, 4 * 365 * DAY])
    joined += chance.choice([0, -1, 1, HOUR // 2, -HOUR])
    left = chance.choice([None, None, None, joined + 1, moment, moment + 1])
    return Membership(joined, tier=chance.choice([None, "silver", "gold", "bygone"]), left_at=left)


def _wallets(chance: Random) -> dict[int, Wallet]:
    wallets = {}
    for unit in UNITS.values():
        if chance.random() < 0.8:
            balance = chance.choice([0, 1, 3, 5, 99, 100, 1_000])
            pending = chance.choice([0, balance // 2, balance])
            wallets[unit] = Wallet(
                balance, pending, chance.choice([0, 0, 2, 50]), earned=chance.choice([0, 7, 100])
            )
    return wallets


def _period(period: Period, zone: ZoneInfo, chance: Random) -> int:
    at: Instant = chance.choice(MOMENTS) - DAY * chance.choice(
        [-1, 0, 1, 2, 6, 7, 29, 30, 31, 60, 90, 364, 365, 366, 800]
    )
    return period_of(at, period, zone)
