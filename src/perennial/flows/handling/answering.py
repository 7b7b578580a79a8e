"""How outcomes become the answer that the caller reads."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from perennial.core.effects import Credit, Entitle, IssueVoucher
from perennial.core.member import Member
from perennial.flows.answers import AwardAnswer, BalanceAnswer, Decided, EarnedRewardAnswer, ProgramAnswer
from perennial.flows.batch import Batch
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.challenge_answers import changed_challenges
from perennial.flows.handling.decide_program import Outcome
from perennial.units import Points, format_instant

_encoder = msgspec.json.Encoder()


def encode_answer(decided: Decided) -> bytes:
    """Write an answer as JSON; the bytes are stored, and replayed as they are."""
    return _encoder.encode(decided)


def program_answers(outcomes: list[Outcome], member: Member) -> tuple[ProgramAnswer, ...]:
    """Return one answer per program: what its decisions (follow-ups included) gave together."""
    by_program: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        by_program.setdefault(outcome.live.program_id, []).append(outcome)
    return tuple(_program_answer(group, member) for group in by_program.values())


def _program_answer(outcomes: list[Outcome], member: Member) -> ProgramAnswer:
    first, last = outcomes[0], outcomes[-1]
    points: dict[str, Points] = {}
    taken_back: dict[str, Points] = {}
    awards: list[AwardAnswer] = []
    rewards: list[EarnedRewardAnswer] = []
    for outcome in outcomes:
        names = {wallet.unit: wallet.spec.id for wallet in outcome.version.wallets}
        lots = {
            effect.key.lot_id: effect.key for effect in outcome.decision.effects if type(effect) is Credit
        }
        for award in outcome.decision.awards:
            wallet = names[award.unit]
            points[wallet] = points.get(wallet, 0) + award.points
            key = lots.get(award.lot_id)
            awards.append(
                AwardAnswer(
                    rule=award.rule,
                    wallet=wallet,
                    points=award.points,
                    base=award.base if award.base != award.points else None,
                    available_at=_instant(key.available_at) if key else None,
                    expires_at=_instant(key.expires_at) if key else None,
                    waits_for="fulfillment" if key and key.waits_for else None,
                    cut_by=award.cut_by,
                )
            )
        if outcome.trigger == "reward.earned":
            rewards += _earned(outcome)
        for unit, amount in outcome.decision.taken_back.items():
            taken_back[names[unit]] = taken_back.get(names[unit], 0) + amount
    return ProgramAnswer(
        program=first.live.code,
        version=first.version.number,
        points=points,
        awards=tuple(awards),
        taken_back=taken_back,
        tier=last.tier_after,
        tier_before=first.tier_before if first.tier_before != last.tier_after else None,
        challenges=changed_challenges(outcomes, member) if first.version.challenges else (),
        rewards=tuple(rewards),
    )


_GIVEN = frozenset((IssueVoucher, Entitle))


def _earned(outcome: Outcome) -> list[EarnedRewardAnswer]:
    """Return what a rule gave besides points."""
    return [
        EarnedRewardAnswer(
            reward=effect.reward,
            voucher=str(effect.code.code_hash) if isinstance(effect, IssueVoucher) else None,
            value=effect.value if isinstance(effect, IssueVoucher) else effect.amount,
            expires_at=_instant(effect.expires_at),
        )
        for effect in outcome.decision.effects
        # The first question is the quick one, and most effects are something else.
        if type(effect) in _GIVEN and isinstance(effect, IssueVoucher | Entitle)
    ]


@lru_cache(maxsize=4_096)
def _instant(instant: int | None) -> str | None:
    """Write when points begin or end: at a local midnight mostly, the same for many orders."""
    return None if instant is None else format_instant(instant)


def balance_answers(batch: Batch, member: Member) -> tuple[BalanceAnswer, ...]:
    """Return the balances of every wallet of the member's programs, after the operation."""
    return tuple(
        answer
        for live in batch.workspace.programs
        if live.program_id in member.memberships
        for answer in program_balances(live, member)
    )


def program_balances(live: LiveProgram, member: Member) -> list[BalanceAnswer]:
    """Return the balances of one program's wallets; ``available`` is net of debt."""
    answers = []
    for compiled in live.latest.wallets:
        wallet = member.wallets.get(compiled.unit)
        answers.append(
            BalanceAnswer(
                program=live.code,
                wallet=compiled.spec.id,
                available=wallet.balance - wallet.pending - wallet.debt if wallet else 0,
                pending=wallet.pending if wallet else 0,
                debt=wallet.debt if wallet else 0,
                held=wallet.held if wallet else 0,
            )
        )
    return answers


def decided(
    batch: Batch,
    member: Member,
    external_id: str,
    outcomes: list[Outcome],
    *,
    status: str | None = None,
    revision: int | None = None,
) -> Decided:
    """Build the answer to something that happened to ``member``."""
    return Decided(
        id=external_id,
        customer=batch.external_name(member),
        status=status,
        revision=revision,
        programs=program_answers(outcomes, member),
        balances=balance_answers(batch, member),
    )
