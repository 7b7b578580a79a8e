"""What people call the parts of a program that a case names by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from perennial.core.document.program import Program, messages_of, rewards_of

NOTHING = "nothing"
NONE = "none"


class _Called(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str | None: ...


class CaseNames:
    """Maps the ids of a program's parts to what people call them: ``Big orders (big)``."""

    def __init__(self, program: Program) -> None:
        rules = (*program.earning_rules, *(rule for each in program.campaigns for rule in each.earning_rules))
        self.rules = _names(rules)
        self.wallets = _names(program.wallets)
        self.rewards = _names(rewards_of(program))
        self.messages = _names(messages_of(program))
        self.tiers = _names(() if program.tiers is None else program.tiers.levels)
        self.challenges = _names(program.challenges)
        self.trials = _names((*program.experiments, *program.holdouts))


def called(names: dict[str, str], id: str | None) -> str:
    """Return what people call the part with this id; :data:`NONE` where there is none."""
    return NONE if id is None else names.get(id, id)


def all_called(names: dict[str, str], ids: Iterable[str]) -> str:
    """Return what people call these parts, one after the other; :data:`NOTHING` without any."""
    return ", ".join(names.get(each, each) for each in ids) or NOTHING


def with_id(name: str | None, id: str) -> str:
    """Return a name with the id behind it, unless both are the same but for capitals."""
    if not name or name.casefold() == id.casefold():
        return name or id
    return f"{name} ({id})"


def _names(parts: Iterable[_Called]) -> dict[str, str]:
    return {each.id: with_id(each.name, each.id) for each in parts}
