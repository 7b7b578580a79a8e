"""What documents said differently in earlier releases: they still decode, into what is said today."""

from __future__ import annotations

from typing import Any

import msgspec

from perennial.core.document.reward import Reward

_OF_REWARDS = frozenset(field.encode_name for field in msgspec.structs.fields(Reward))


def in_words_of_today(document: dict[str, Any]) -> dict[str, Any]:
    """Return a program document in its present form; one that has it is returned as it is.

    A reward was of one kind, and had the fields of the kind beside its own.
    """
    rewards = document.get("rewards")
    if not isinstance(rewards, list) or not any(_is_of_one_kind(reward) for reward in rewards):
        return document
    today = [_giving(reward) if _is_of_one_kind(reward) else reward for reward in rewards]
    return document | {"rewards": today}


def _is_of_one_kind(reward: object) -> bool:
    return isinstance(reward, dict) and "type" in reward and "gives" not in reward


def _giving(reward: dict[str, Any]) -> dict[str, Any]:
    benefit = {name: value for name, value in reward.items() if name not in _OF_REWARDS}
    kept = {name: value for name, value in reward.items() if name in _OF_REWARDS}
    return kept | {"gives": [benefit]}
