"""A rule while it is applied to those inside a segment: lines of JSON that say how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

import msgspec
from litestar.types import ASGIApp

from perennial.core.language import Language
from perennial.flows.segments.apply import BEGINNING, Applied, ApplyResult, Told
from perennial.http.door.problems import ProblemBody
from perennial.http.door.streamed_lines import Say, streamed_lines

PROGRESS_SECONDS = 0.2

Apply: TypeAlias = Callable[[Told], Awaitable[ApplyResult]]
"""Applies a rule, and tells how far it is."""


class ApplyStep(msgspec.Struct, frozen=True, kw_only=True):
    """One line: how many ``of`` the customers inside are ``done``, or at last the ``result`` or ``problem``.

    ``customers`` of them were given something, ``points`` in all.
    """

    type: Literal["progress", "result", "problem"]
    done: int | msgspec.UnsetType = msgspec.UNSET
    of: int | msgspec.UnsetType = msgspec.UNSET
    customers: int | msgspec.UnsetType = msgspec.UNSET
    points: int | msgspec.UnsetType = msgspec.UNSET
    result: ApplyResult | msgspec.UnsetType = msgspec.UNSET
    problem: ProblemBody | msgspec.UnsetType = msgspec.UNSET


def watched_apply(apply: Apply, identity: str, language: Language) -> ASGIApp:
    """Return the answer that applies a rule while it is sent; whoever hangs up stops it where it is."""

    async def work(say: Say) -> None:
        far = BEGINNING

        def told(applied: Applied) -> None:
            nonlocal far
            far = applied

        applying = asyncio.ensure_future(apply(told))
        try:
            while not applying.done():
                await asyncio.wait({applying}, timeout=PROGRESS_SECONDS)
                await say(_progress(far))
            await say(ApplyStep(type="result", result=applying.result()))
        finally:
            applying.cancel()
            await asyncio.gather(applying, return_exceptions=True)

    return streamed_lines(work, identity, language)


def _progress(far: Applied) -> ApplyStep:
    return ApplyStep(type="progress", done=far.done, of=far.of, customers=far.customers, points=far.points)
