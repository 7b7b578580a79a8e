"""A public year of shopping sent through the live path, in the order of time.

The workspace is a sandbox whose clock follows the data: before the baskets of a local day are sent,
the clock moves to the last of them, and everything that became due on the way runs at its own
instant. Points activate and expire at local midnights, so nothing is due between two baskets of a day.

**Claims.** Every household whose number is divisible by three tries to claim the program's reward
directly after each of its baskets, at the same instant, once per basket; the claim goes through if
500 points are available then, and is refused without a trace if not.

**The end.** When the last basket has been sent, the clock moves to the first local midnight after it;
what is due by then, that midnight included, has run when the totals are read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from perennial.connectors.complete_journey import TIME_ZONE, Basket, Statistics
from perennial.connectors.complete_journey_coupons import Coupons
from perennial.core.dates.periods import Period, end_of_period, local_day
from perennial.core.refusals import RefusalCode
from perennial.flows.answers import Answer
from perennial.flows.batcher import Intake
from perennial.flows.clock import advance_sandbox_clock
from perennial.flows.commands import Command, PostClaim, PostRedemption, PutOrder
from perennial.flows.programs.life import Author, apply_document
from perennial.flows.replaying.replay_coupons import CouponFigures, CouponReplay
from perennial.reports.program_totals import ProgramTotals, read_program_totals
from perennial.store.programs.programs import find_program
from perennial.units import Instant

PROGRAM = "complete-journey"
REWARD = f"{PROGRAM}/five-off"
CLAIMS_EVERY = 3
COMMANDS_AT_ONCE = 4_096

_ZONE = ZoneInfo(TIME_ZONE)


class UnexpectedAnswer(Exception):
    """The live path answered something that a replay of valid baskets cannot cause."""


class Progress(msgspec.Struct, frozen=True):
    """How far a replay has come: baskets sent, and the instant of the last one."""

    baskets: int
    at: Instant


class ReplaySummary(msgspec.Struct, frozen=True):
    """What a replay did. ``read`` counts what was read, ``totals`` says what the ledger holds.

    ``tries`` are the claims sent, ``claims`` those that went through, ``coupons`` what became of the
    campaigns. ``seconds`` is the wall time of
    the whole replay, the timers included.
    """

    workspace_id: int
    read: Statistics
    totals: ProgramTotals
    tries: int
    claims: int
    coupons: CouponFigures
    ended_at: Instant
    seconds: float

    @property
    def orders_per_second(self) -> float:
        """Return the baskets handled per second of wall time."""
        return self.read.baskets / self.seconds if self.seconds else 0.0


async def replay(
    intake: Intake,
    workspace_id: int,
    document: str,
    baskets: Iterable[Basket],
    read: Statistics,
    on_progress: Callable[[Progress], None] | None = None,
    coupons: Coupons | None = None,
) -> ReplaySummary:
    """Publish ``document`` in an empty sandbox, send every basket, and return what it came to.

    ``baskets`` are in the order of time, ``read`` counts them while they are read. With ``coupons`` the
    campaigns of the data take part, see ``flows/replaying/replay_coupons.py``. Raises
    :class:`UnexpectedAnswer` if a basket is refused, and a problem if the workspace is no sandbox.
    """
    began = time.monotonic()
    handler = intake.handler
    tries = claims = sent = 0
    at: Instant | None = None
    sent_out = CouponReplay(intake, workspace_id, PROGRAM, coupons or Coupons((), ()))
    for day in _days(baskets):
        if at is None:
            await advance_sandbox_clock(handler, workspace_id, day[0].at)
            author = Author(actor="replay", at=time.time_ns() // 1_000)
            await apply_document(handler.database, workspace_id, sent_out.document(document), author)
        at = day[-1].at
        await advance_sandbox_clock(handler, workspace_id, at)
        on = date.fromordinal(local_day(day[0].at, _ZONE))
        await sent_out.give_codes(on, day)
        commands = [command for basket in day for command in _commands_of(basket, sent_out, on)]
        answers = await intake.submit_many(workspace_id, commands)
        tried, claimed = _check(commands, answers)
        pairs = zip(commands, answers, strict=True)
        sent_out.count(answer for command, answer in pairs if isinstance(command, PostRedemption))
        tries, claims, sent = tries + tried, claims + claimed, sent + len(day)
        if on_progress is not None:
            on_progress(Progress(sent, at))
    if at is None:
        raise UnexpectedAnswer("there is nothing to replay")
    ended_at = end_of_period(at, Period.DAY, _ZONE)
    await advance_sandbox_clock(handler, workspace_id, ended_at)
    return ReplaySummary(
        workspace_id=workspace_id,
        read=read,
        totals=await _totals(intake, workspace_id),
        tries=tries,
        claims=claims,
        coupons=sent_out.result(),
        ended_at=ended_at,
        seconds=time.monotonic() - began,
    )


def sample_program(folder: Path) -> str:
    """Return the text of the sample program in ``folder`` (``examples/`` of the repository)."""
    return (folder / f"{PROGRAM}.yaml").read_text(encoding="utf-8")


def _days(baskets: Iterable[Basket]) -> Iterator[list[Basket]]:
    """Yield the baskets of one local day after the other, in portions that fit into memory."""
    for _, of_day in groupby(baskets, lambda basket: local_day(basket.at, _ZONE)):
        portion: list[Basket] = []
        for basket in of_day:
            portion.append(basket)
            if len(portion) >= COMMANDS_AT_ONCE:
                yield portion
                portion = []
        if portion:
            yield portion


def _commands_of(basket: Basket, sent_out: CouponReplay, on: date) -> Iterator[Command]:
    yield from sent_out.redemptions_of(basket, on)
    yield PutOrder(id=basket.order_id, customer=basket.customer, at=basket.at, order=basket.order)
    if int(basket.customer) % CLAIMS_EVERY == 0:
        yield PostClaim(id=f"after-{basket.order_id}", customer=basket.customer, at=basket.at, reward=REWARD)


def _check(commands: list[Command], answers: list[Answer]) -> tuple[int, int]:
    """Return how many claims were tried and went through; raise for anything that went wrong."""
    tries = claims = 0
    for command, answer in zip(commands, answers, strict=True):
        tried = isinstance(command, PostClaim)
        tries += tried
        if answer.status < 300:
            claims += tried
        elif not (tried and _code_of(answer) == RefusalCode.INSUFFICIENT_POINTS):
            raise UnexpectedAnswer(f"{command!r} was answered {answer.status}: {answer.body.decode()}")
    return tries, claims


class _Refused(msgspec.Struct):
    code: str = ""


def _code_of(answer: Answer) -> str:
    return msgspec.json.decode(answer.body, type=_Refused).code


async def _totals(intake: Intake, workspace_id: int) -> ProgramTotals:
    async with intake.handler.database.snapshot(workspace_id) as conn:
        program = await find_program(conn, workspace_id, PROGRAM)
        assert program is not None, "the program was published above"
        workspace = await intake.handler.configurations.current(conn, workspace_id)
        unit = workspace.program_by_id(program.program_id).latest.wallets[0].unit
        return await read_program_totals(conn, workspace_id, program.program_id, unit)
