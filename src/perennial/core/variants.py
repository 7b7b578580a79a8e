"""Which variant of every experiment a member has, and what that turns off.

A member's place in an experiment is a whole number from 0 to 999: the first 8 bytes of the SHA-256 of the
program, the salt and the customer's id, modulo 1,000. The variants lie on these places one after the other,
in the order of the document, each as wide as its weight. Places of different salts are independent.

Whoever was exposed keeps the variant for good, whatever becomes of the weights: the exposure is stored. Of
those who were not, a change of weights moves only the ones between the old and the new borders: to let more
members in, raise the weight of the last variant, and nobody is moved at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from perennial.core.dates.schedule import Schedule, life_of
from perennial.core.document.experiments import (
    HELD_OUT,
    TREATED,
    WHOLE,
    Experiment,
    Holdout,
    Parts,
    Trial,
    Variant,
    in_order,
)
from perennial.core.document.program import Program
from perennial.core.effects import Effect, Expose
from perennial.core.member import Member
from perennial.core.snapshot import Snapshot
from perennial.core.terms.conditions import Condition
from perennial.units import Instant

OUTSIDE = ""
"""The variant of somebody who takes no part."""

KINDS = {"rule": "rules", "reward": "rewards", "campaign": "campaigns", "message": "messages"}
"""What experiments can turn on and off, and the fields of documents that name it."""

Key = tuple[str, str]
"""The kind of a part (``rule``, ``reward``, ``campaign``, ``message``) and its id."""


class CompiledTrial(msgspec.Struct, frozen=True):
    """An experiment or holdout with all that its words refer to.

    ``borders`` has the end of every variant on the 1,000 places. ``audience`` is a test such as
    ``CompiledReward`` has. ``off`` says for every variant, and for :data:`OUTSIDE`, which parts are off and
    why; ``whole`` that being held out is being held out of the whole program.
    """

    trial: Trial
    salt: bytes
    starts: Instant | None
    ends: Instant | None
    borders: tuple[tuple[str, int], ...]
    audience: Callable[..., bool] | None
    off: Mapping[str, Mapping[Key, str]]
    whole: bool = False


def compile_trials(
    program: Program, zone: ZoneInfo, test: Callable[[Condition], Callable[..., bool] | None]
) -> tuple[CompiledTrial, ...]:
    """Return the holdouts of ``program``, those from all of it first, and then its experiments.

    ``test`` compiles a condition on the member alone.
    """
    compiled = []
    for trial in in_order(program.holdouts, program.experiments):
        if isinstance(trial, Holdout):
            compiled.append(_compile_holdout(program, trial))
            continue
        starts, ends = life_of(Schedule(starts=trial.starts, ends=trial.ends), zone)
        audience = None if trial.audience is None else test(trial.audience)
        compiled.append(_compile_experiment(program, trial, starts, ends, audience))
    return tuple(compiled)


def _compile_holdout(program: Program, holdout: Holdout) -> CompiledTrial:
    why = f"the customer is in holdout {holdout.id}"
    off = {} if holdout.campaign is None else {("campaign", holdout.campaign): why}
    return CompiledTrial(
        trial=holdout,
        salt=_salt(program, holdout),
        starts=None,
        ends=None,
        borders=((HELD_OUT, holdout.share), (TREATED, WHOLE)),
        audience=None,
        off={HELD_OUT: off, TREATED: {}, OUTSIDE: {}},
        whole=holdout.campaign is None,
    )


def _compile_experiment(
    program: Program,
    experiment: Experiment,
    starts: Instant | None,
    ends: Instant | None,
    audience: Callable[..., bool] | None,
) -> CompiledTrial:
    borders: list[tuple[str, int]] = []
    for variant in experiment.variants:
        borders.append((variant.id, (borders[-1][1] if borders else 0) + variant.weight))
    name = experiment.id
    tried = dict(tried_parts(experiment))
    off: dict[str, dict[Key, str]] = {
        OUTSIDE: {key: f"only variant {owner} of experiment {name} has it" for key, owner in tried.items()}
    }
    for variant in experiment.variants:
        without = f"experiment {name}: variant {variant.id} is without it"
        has = set(keys_of(variant.on)) | {new for _, new in replaced_keys(variant)}
        gone = [*keys_of(variant.off), *(old for old, _ in replaced_keys(variant))]
        off[variant.id] = dict.fromkeys([*(key for key in tried if key not in has), *gone], without)
    return CompiledTrial(
        trial=experiment,
        salt=_salt(program, experiment),
        starts=starts,
        ends=ends,
        borders=tuple(borders),
        audience=audience,
        off=off,
    )


def _salt(program: Program, trial: Trial) -> bytes:
    return f"{program.program}/{trial.salt or trial.id}/".encode()


def keys_of(parts: Parts) -> Iterator[Key]:
    """Yield the keys of parts."""
    for kind, field in KINDS.items():
        for part in getattr(parts, field):
            yield kind, part


def replaced_keys(variant: Variant) -> Iterator[tuple[Key, Key]]:
    """Yield the keys of what a variant replaces, with what replaces it."""
    for kind, field in KINDS.items():
        for old, new in getattr(variant.replace, field).items():
            yield (kind, old), (kind, new)


def tried_parts(experiment: Experiment) -> Iterator[tuple[Key, str]]:
    """Yield every part that only some variant has, with the id of that variant."""
    for variant in experiment.variants:
        for key in keys_of(variant.on):
            yield key, variant.id
        for _, new in replaced_keys(variant):
            yield new, variant.id


def place_of(salt: bytes, customer_id: UUID) -> int:
    """Return the place of a customer on the 1,000 places of a salt."""
    return int.from_bytes(sha256(salt + customer_id.bytes).digest()[:8], "big") % WHOLE


def variants_of(
    trials: tuple[CompiledTrial, ...], program_id: int, member: Member, snapshot: Snapshot, at: Instant
) -> tuple[str, ...]:
    """Return the member's variant of every trial at ``at``; :data:`OUTSIDE` where there is none.

    ``snapshot`` is what audiences are judged by. Who is held out of the program takes no part in anything
    else, and so does whoever is no member.
    """
    if snapshot.joined_at is None:
        return (OUTSIDE,) * len(trials)
    found: list[str] = []
    held = False
    for compiled in trials:
        variant = OUTSIDE if held else _variant_of(compiled, program_id, member, snapshot, at)
        held = held or (compiled.whole and variant == HELD_OUT)
        found.append(variant)
    return tuple(found)


def _variant_of(
    compiled: CompiledTrial, program_id: int, member: Member, snapshot: Snapshot, at: Instant
) -> str:
    if (compiled.starts is not None and at < compiled.starts) or (
        compiled.ends is not None and at >= compiled.ends
    ):
        return OUTSIDE
    known = member.exposures.get((program_id, compiled.trial.id))
    is_in = known is not None and known.at <= at
    if not is_in and compiled.audience is not None and not compiled.audience(at, None, [], {}, snapshot):
        return OUTSIDE
    if known is not None:
        return known.variant if any(known.variant == variant for variant, _ in compiled.borders) else OUTSIDE
    place = place_of(compiled.salt, member.customer_id)
    return next((variant for variant, border in compiled.borders if place < border), OUTSIDE)


def exposures(
    trials: tuple[CompiledTrial, ...], program_id: int, member: Member, snapshot: Snapshot, at: Instant
) -> tuple[Effect, ...]:
    """Return the effects that record what a decision at ``at`` is the first one to expose the member to."""
    return tuple(
        Expose(compiled.trial.id, variant, at)
        for compiled, variant in zip(trials, snapshot.variants, strict=True)
        if variant and (program_id, compiled.trial.id) not in member.exposures
    )
