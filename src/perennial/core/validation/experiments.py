"""What must be right about experiments and holdouts beyond types."""

from __future__ import annotations

from perennial.core.conditions.check import audience_place
from perennial.core.dates.schedule import Schedule
from perennial.core.document.experiments import (
    HELD_OUT,
    TREATED,
    WHOLE,
    Experiment,
    Outcome,
    Parts,
    Trial,
    Variant,
)
from perennial.core.document.program import messages_of, rewards_of
from perennial.core.findings import Findings
from perennial.core.variants import Key, keys_of, replaced_keys, tried_parts

MAX_TRIALS = 50
"""Every decision works out the variants of all of them."""


def check_experiments(findings: Findings) -> None:
    """Check the experiments and holdouts of the program."""
    program = findings.program
    paths = [(f"experiments[{i}]", trial.id) for i, trial in enumerate(program.experiments)]
    paths += [(f"holdouts[{i}]", trial.id) for i, trial in enumerate(program.holdouts)]
    findings.unique(paths, "experiment or holdout")
    if len(paths) > MAX_TRIALS:
        words = f"a program has at most {MAX_TRIALS} experiments and holdouts together"
        findings.add("experiments", "too_many", words)
    pays = bool(program.wallets) and program.wallets[0].pays is not None
    trials: tuple[Trial, ...] = (*program.experiments, *program.holdouts)
    for (path, _), trial in zip(paths, trials, strict=True):
        if trial.outcome is Outcome.PROFIT and not pays:
            words = "profit needs to know what points are worth: the first wallet has to say what they pay"
            findings.add(f"{path}.outcome", "points_without_value", words)
    campaigns = [campaign.id for campaign in program.campaigns]
    held: set[str | None] = set()
    for index, holdout in enumerate(program.holdouts):
        path = f"holdouts[{index}]"
        if holdout.campaign is not None:
            findings.known(f"{path}.campaign", "campaign", holdout.campaign, campaigns)
        if holdout.campaign in held:
            what = holdout.campaign or "the program"
            findings.add(path, "one_holdout", f"there is a holdout from {what} already")
        held.add(holdout.campaign)
    owners: dict[Key, str] = {}
    for index, experiment in enumerate(program.experiments):
        path = f"experiments[{index}]"
        _check_experiment(findings, path, experiment)
        for key in {key for key, _ in tried_parts(experiment)}:
            if key in owners:
                words = f"{key[0]} {key[1]} is tried by experiment {owners[key]} already"
                findings.add(path, "tried_twice", words)
            owners.setdefault(key, experiment.id)


def _check_experiment(findings: Findings, path: str, experiment: Experiment) -> None:
    findings.schedule(path, Schedule(starts=experiment.starts, ends=experiment.ends))
    findings.condition(f"{path}.audience", experiment.audience, audience_place())
    variants = experiment.variants
    if len(variants) < 2:
        words = "an experiment compares at least two variants; the first is the control"
        findings.add(f"{path}.variants", "too_few", words)
    places = [(f"{path}.variants[{i}]", variant) for i, variant in enumerate(variants)]
    findings.unique([(place, variant.id) for place, variant in places], "variant")
    total = sum(variant.weight for variant in variants)
    if total > WHOLE:
        words = f"the weights come to {total:,}, and all members are {WHOLE:,}"
        findings.add(f"{path}.variants", "weights_too_large", words)
    if variants and not (variants[0].weight and any(variant.weight for variant in variants[1:])):
        words = "the control and at least one other variant need a weight"
        findings.add(f"{path}.variants", "no_weight", words)
    for place, variant in places:
        if variant.id in (HELD_OUT, TREATED):
            findings.add(f"{place}.id", "reserved", f'"{variant.id}" is a variant of holdouts')
        _check_variant(findings, place, variant)


def _check_variant(findings: Findings, path: str, variant: Variant) -> None:
    program = findings.program
    known = {
        "rules": findings.rules,
        "rewards": [reward.id for reward in rewards_of(program)],
        "campaigns": [campaign.id for campaign in program.campaigns],
        "messages": [message.id for message in messages_of(program)],
    }
    for what in ("on", "off"):
        parts: Parts = getattr(variant, what)
        for kind, names in known.items():
            findings.all_known(f"{path}.{what}.{kind}", kind[:-1], getattr(parts, kind), names)
    for kind, names in known.items():
        for old, new in getattr(variant.replace, kind).items():
            findings.known(f"{path}.replace.{kind}.{old}", kind[:-1], old, names)
            findings.known(f"{path}.replace.{kind}.{old}", kind[:-1], new, names)
    gets = {*keys_of(variant.on), *(new for _, new in replaced_keys(variant))}
    loses = {*keys_of(variant.off), *(old for old, _ in replaced_keys(variant))}
    for kind, name in sorted(gets & loses):
        findings.add(path, "on_and_off", f"{kind} {name} cannot be both on and off in one variant")
