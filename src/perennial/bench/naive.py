"""The baseline: the same rows, written as usual, one transaction per order, driven by pgbench.

Every script locks the customer, reads what an ordinary program would read, and writes row by row. How
many rows of each table an order writes is measured on our side and given in thousandths, so that both
sides write the same within rounding.
"""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import msgspec

CUSTOMER = "md5('c' || :c)::uuid"


class Shape(msgspec.Struct, kw_only=True):
    """What one request writes: rows per table in thousandths, and the bytes of its blobs."""

    postings: int
    lots: int
    counters: int
    limit_uses: int
    body: int
    decision: int
    answer: int


class Target(msgspec.Struct, kw_only=True):
    """The naive workspace: its number, its only bucket, and how many members it has."""

    workspace_id: int
    bucket: int
    members: int


class NaiveReport(msgspec.Struct, kw_only=True):
    """What pgbench said."""

    tps: float
    p50_ms: float
    p99_ms: float
    transactions: int


def order_script(target: Target, shape: Shape) -> str:
    """Return the script of one new order."""
    return _script(
        target,
        "select balance, pending, debt from wallets where {own} and unit_id = 1;",
        "select metric, period, value from counters where {own};",
        "insert into external_ids (workspace_id, kind, bucket, id_hash, customer_id)"
        f" values ({target.workspace_id}, 1, {target.bucket}, :id::uuid, {CUSTOMER});",
        "insert into orders (bucket, workspace_id, customer_id, order_id, operation_id, net, occurred_at,"
        " recorded_at, paid_at, status, revision, external_id, body, decision, answer)"
        f" values ({{key}}, :id::uuid, :op::uuid, 10000, now(), now(), now(), 2, 1, substr(:id, 1, 14),"
        f" {_blob(shape.body)}, {_blob(shape.decision)}, {_blob(shape.answer)});",
        *_ledger(shape),
    )


def return_script(target: Target, shape: Shape) -> str:
    """Return the script of one return."""
    return _script(
        target,
        "select order_id, body, decision, returned from orders where {own} limit 1 for update;",
        "select lot_id, remaining from lots where {own} and remaining > 0;",
        *_event(target, shape, 2),
        "update orders set returned = '{{1,0,0,0,0}}' where {own} and order_id ="
        " (select order_id from orders where {own} limit 1);",
        *_ledger(shape),
    )


def event_script(target: Target, shape: Shape) -> str:
    """Return the script of one custom event."""
    return _script(
        target,
        "select balance, pending, debt from wallets where {own} and unit_id = 1;",
        *_event(target, shape, 3),
        *_ledger(shape),
    )


def _script(target: Target, *statements: str) -> str:
    key = f"{target.bucket}, {target.workspace_id}, {CUSTOMER}"
    own = f"bucket = {target.bucket} and workspace_id = {target.workspace_id} and customer_id = {CUSTOMER}"
    lines = [
        f"\\set c random(1, {target.members})",
        "\\set r random(0, 999)",
        "\\set a random(1, 2000000000)",
        "\\set b random(1, 2000000000)",
        "begin;",
        f"set local app.workspace = '{target.workspace_id}';",
        "select gen_random_uuid()::text as id, gen_random_uuid()::text as op \\gset",
        "select external_id, attributes from customers where {own} for update;",
        *statements,
        "commit;",
    ]
    return (
        "\n".join(
            line.replace("{own}", own).replace("{key}", key).replace("{{", "{").replace("}}", "}")
            for line in lines
        )
        + "\n"
    )


def _blob(size: int) -> str:
    return f"decode(repeat('61', {size}), 'hex')"


def _event(target: Target, shape: Shape, kind: int) -> list[str]:
    return [
        (
            "insert into external_ids (workspace_id, kind, bucket, id_hash, customer_id)"
            f" values ({target.workspace_id}, {kind}, {target.bucket}, :id::uuid, {CUSTOMER});"
        ),
        (
            "insert into events (bucket, workspace_id, customer_id, event_id, operation_id, occurred_at,"
            " recorded_at, source_id, kind, external_id, body, decision, answer)"
            f" values ({{key}}, :id::uuid, :op::uuid, now(), now(), null, {kind}, substr(:id, 1, 14),"
            f" {_blob(shape.body)}, {_blob(shape.decision)}, {_blob(shape.answer)});"
        ),
    ]


def _ledger(shape: Shape) -> list[str]:
    """Return the writes of postings, lots, the wallet, counters and limits, as often as ours."""
    posting = (
        "insert into postings (bucket, workspace_id, customer_id, operation_id, position, debit, credit,"
        " program_id, amount, lot_id, at, xact, unit_id, version, source_id) values ({key}, :op::uuid, %d,"
        " 2, 1, 1, 100, 1, now(), pg_current_xact_id()::text::bigint, 1, 1, :id::uuid);"
    )
    lot = (
        "insert into lots (bucket, workspace_id, customer_id, lot_id, granted, remaining, available_at,"
        " expires_at, unit_id, origin) values ({key}, %d, 100, 100, now(), now() + interval '180 days', 1, 1)"
        " on conflict (bucket, workspace_id, customer_id, unit_id, lot_id) do update set"
        " granted = lots.granted + 100, remaining = lots.remaining + 100;"
    )
    counter = (
        "insert into counters (bucket, workspace_id, customer_id, metric, value, period)"
        " values ({key}, %d, 100, 24000) on conflict (bucket, workspace_id, customer_id, metric, period)"
        " do update set value = counters.value + 100;"
    )
    limit = (
        "insert into limit_uses (bucket, workspace_id, customer_id, limit_id, used, cap, period)"
        " values ({key}, %d, 1, 1000000000, 24000)"
        " on conflict (bucket, workspace_id, customer_id, limit_id, period)"
        " do update set used = limit_uses.used + 1;"
    )
    return [
        *_often(posting, shape.postings),
        *_often(lot, shape.lots),
        (
            "update wallets set balance = balance + 100, pending = pending + 100, earned = earned + 100"
            " where {own} and unit_id = 1;"
        ),
        *_often(counter, shape.counters),
        *_often(limit, shape.limit_uses),
    ]


def _often(statement: str, thousandths: int) -> list[str]:
    """Repeat a statement so that it runs ``thousandths``/1000 times on average."""
    whole, rest = divmod(thousandths, 1000)
    lines = [statement % number for number in range(whole)]
    if rest:
        lines += [f"\\if :r < {rest}", statement % whole, "\\endif"]
    return lines


def run_pgbench(
    program: Path, url: str, scripts: dict[Path, int], clients: int, seconds: float | None, log: Path
) -> NaiveReport:
    """Run the weighted scripts with ``clients`` for ``seconds``; latencies come from its log.

    Where ``seconds`` is None each client does one transaction: what it takes is to connect, and to prepare.
    """
    for old in log.parent.glob(f"{log.name}*"):
        old.unlink()
    command = [str(program), "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2))]
    command += ["-t", "1"] if seconds is None else ["-T", str(max(1, math.ceil(seconds)))]
    command += ["-l", f"--log-prefix={log}"] + ([] if seconds is None else ["--sampling-rate=0.25"])
    command += [part for path, weight in scripts.items() for part in ("-f", f"{path}@{weight}")]
    ended = subprocess.run([*command, url], capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"pgbench failed: {ended.stderr[-2000:]}")
    figures = dict(line.split(" = ", 1) for line in ended.stdout.splitlines() if " = " in line)
    counted = next(line for line in ended.stdout.splitlines() if "transactions actually" in line)
    latencies = sorted(
        int(line.split()[2])
        for path in log.parent.glob(f"{log.name}*")
        for line in path.read_text().splitlines()
    )
    return NaiveReport(
        tps=float(figures["tps"].split()[0]),
        p50_ms=latencies[len(latencies) // 2] / 1000,
        p99_ms=latencies[len(latencies) * 99 // 100] / 1000,
        transactions=int(counted.rpartition(":")[2].split("/")[0]),
    )
