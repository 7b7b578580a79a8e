"""Rounds of challenges: written as they are folded, and never over a change that was not seen."""

from __future__ import annotations

import random

import msgspec
import pytest

from perennial.core.challenge_round import Round, RoundState, Standing
from perennial.core.effects import Progress
from perennial.core.fold import fold
from perennial.core.member import Member
from perennial.store.challenges import load_rounds
from perennial.store.effects import GuardError
from perennial.units import DAY, EARLIEST, LATEST
from tests.core.earning_stage import version_of
from tests.store.book import NOW, Book


async def test_folding_rounds_is_writing_and_reloading(book: Book) -> None:
    """After any changes of rounds in any batches the folded member stands where the loaded one does."""
    version = version_of()
    for seed in range(10):
        draw = random.Random(seed)
        row = await book.customer(f"walker {seed}")
        member = Member(row.customer_id, row.customer_id)
        for _ in range(5):
            changes = []
            for _ in range(draw.randrange(1, 6)):
                effect = _progress(draw, member)
                fold(member, version, [effect], NOW)
                changes.append(book.change(row, effect))
            await book.write(*changes)
            async with book.db.transaction(book.ws) as conn:
                found = await load_rounds(conn, book.ws, book.bucket, [row.customer_id], [1, 2], EARLIEST)
                latest = await load_rounds(conn, book.ws, book.bucket, [row.customer_id], [1, 2], LATEST)
            assert found[row.customer_id] == member.challenges, f"seed {seed}"
            counts = {number: one.completed_count for number, one in latest[row.customer_id].items()}
            assert counts == {number: one.completed_count for number, one in member.challenges.items()}


async def test_a_round_that_changed_meanwhile_is_not_overwritten(book: Book) -> None:
    """Two changes of the same revision: the second is refused, and so is a second first round."""
    row = await book.customer("walker")
    first = Round(1, NOW, None, RoundState.ACTIVE, (3,), revision=1)
    await book.write(book.change(row, Progress(1, first)))
    with pytest.raises(GuardError):
        await book.write(book.change(row, Progress(1, first)))
    second = msgspec.structs.replace(first, amounts=(4,), revision=2)
    await book.write(book.change(row, Progress(1, second)))
    with pytest.raises(GuardError):
        await book.write(book.change(row, Progress(1, second)))


def _progress(draw: random.Random, member: Member) -> Progress:
    """Return a next change of some round."""
    challenge, number = draw.choice([1, 2]), draw.randrange(1, 4)
    known = member.challenges.get(challenge, Standing({})).rounds.get(number)
    marks = tuple((period, draw.randrange(1, 9)) for period in range(draw.randrange(3)))
    return Progress(
        challenge,
        Round(
            number=number,
            started_at=NOW,
            ends_at=draw.choice([None, NOW + DAY]),
            state=draw.choice(list(RoundState)),
            amounts=(draw.randrange(-1, 99), draw.randrange(9)),
            marks=marks,
            given=draw.randrange(4),
            completed_at=draw.choice([NOW, NOW + 1]),
            revision=1 if known is None else known.revision + 1,
            latest=draw.choice([(), (None, NOW), (NOW, NOW + DAY)]),
            earned=draw.choice([(), ((1, 50),), ((2, 7), (1, 3))]),
        ),
    )
