"""Switches: what was stopped at once, whatever the published versions say.

A decision is made by what is off now. It keeps the *keys* of what was off in its snapshot, such as
``campaign/summer``, so that it is explained in the same way when that has long been on again. What is
off gives nothing; nothing that was given before is touched: returns, releases and expiry go on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from perennial.core.customers.blocks import WHY_NOTHING_EARNED, WHY_NOTHING_SPENT, Block, blocked_by, is_block
from perennial.core.document.experiments import HELD_OUT
from perennial.core.document.program import Program, messages_of, rewards_of
from perennial.core.kinds.rule import Identifier
from perennial.core.snapshot import Snapshot
from perennial.core.variants import Key
from perennial.core.version import Version
from perennial.units import Instant

SwitchedId = Annotated[str, Meta(min_length=1, max_length=200, description="its id in the program")]

SENT = "sent"
"""How keys of messages begin that were sent before; they stand among those of switches, as blocks do."""

Keys: TypeAlias = tuple[str, ...]
"""What is off, as one version sees it; sorted, and nearly always empty."""


class SwitchKind(StrEnum):
    """What can be switched off. The words are stored: never rename one.

    ``voucher_batch`` is a pool of codes: one batch, or by the id of a reward all codes of that reward.
    ``channel`` is a way on which messages of a program are sent, such as ``email``: it is asked when one is
    about to be sent, and decides nothing.
    """

    EVERYTHING = "everything"
    PROGRAM = "program"
    CAMPAIGN = "campaign"
    RULE = "rule"
    REWARD = "reward"
    VOUCHER_BATCH = "voucher_batch"
    MESSAGE = "message"
    CHANNEL = "channel"


class SwitchObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a switch is for: ``everything``, a ``program``, or by its ``id`` some part of a program."""

    kind: SwitchKind
    program: Identifier | None = None
    id: SwitchedId | None = None

    @property
    def key(self) -> str:
        """Return how a snapshot of its program names it (``campaign/summer``)."""
        return self.kind.value if self.id is None else f"{self.kind.value}/{self.id}"

    @property
    def path(self) -> str:
        """Return how the whole workspace names it (``campaign/points/summer``)."""
        return "/".join(part for part in (self.kind.value, self.program, self.id) if part is not None)

    @property
    def words(self) -> str:
        """Say what it is (``campaign summer``)."""
        name = self.program if self.id is None else self.id
        return self.kind.value if name is None else f"{self.kind.value.replace('_', ' ')} {name}"


EVERYTHING = SwitchObject(kind=SwitchKind.EVERYTHING)


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is off: who turned it off, why, and when (wall time)."""

    object: SwitchObject
    reason: str
    actor: str
    off_at: Instant


class Switches:
    """Everything of a workspace that is off at one moment."""

    def __init__(self, off: Iterable[Switch] = ()) -> None:
        self._off = {switch.object: switch for switch in off}
        self._keys: dict[tuple[int, int], Keys] = {}

    def keys_of(self, version: Version) -> Keys:
        """Return what of this version is off, for the snapshots of its decisions."""
        if not self._off:
            return ()
        number = (version.program_id, version.number)
        keys = self._keys.get(number)
        if keys is None:
            keys = self._keys[number] = tuple(sorted(_known_keys(self._off, version.program)))
        return keys

    def every(self) -> tuple[Switch, ...]:
        """Return every switch that is off."""
        return tuple(self._off.values())

    def everything(self) -> Switch | None:
        """Return the switch that turns everything off."""
        return self._off.get(EVERYTHING)

    def off_program(self, program: str) -> Switch | None:
        """Return what turns a whole program off: its own switch, or that of everything."""
        return self.everything() or self._find(SwitchKind.PROGRAM, program)

    def off_campaign(self, program: str, campaign: str) -> Switch | None:
        """Return what turns a campaign off."""
        return self.off_program(program) or self._find(SwitchKind.CAMPAIGN, program, campaign)

    def off_rule(self, program: str, rule: str) -> Switch | None:
        """Return what turns an earning rule off, its campaign apart."""
        return self.off_program(program) or self._find(SwitchKind.RULE, program, rule)

    def off_message(self, program: str, message: str) -> Switch | None:
        """Return what turns a message off, its campaign apart."""
        return self.off_program(program) or self._find(SwitchKind.MESSAGE, program, message)

    def off_channel(self, program: str, channel: str) -> Switch | None:
        """Return what turns everything off that a program sends over a channel."""
        return self.off_program(program) or self._find(SwitchKind.CHANNEL, program, channel)

    def off_reward(self, program: str, reward: str) -> Switch | None:
        """Return what turns a reward off, its campaign apart."""
        return self.off_program(program) or self._find(SwitchKind.REWARD, program, reward)

    def why_off(
        self, program: str, reward: str | None = None, campaign: str | None = None, batch: str | None = None
    ) -> Switch | None:
        """Return the widest switch for which what is named may not be used, or None if it may.

        ``campaign`` is that of the reward. ``batch`` is that of the code with which it is used: for a code
        of the reward that belongs to no batch, the id of the reward again.
        """
        if not self._off:
            return None
        named = [(SwitchKind.CAMPAIGN, campaign), (SwitchKind.REWARD, reward)]
        if batch is not None:
            named += [(SwitchKind.VOUCHER_BATCH, reward), (SwitchKind.VOUCHER_BATCH, batch)]
        found = [self._find(kind, program, name) for kind, name in named if name is not None]
        return next((switch for switch in [self.off_program(program), *found] if switch is not None), None)

    def _find(self, kind: SwitchKind, program: str, id: str | None = None) -> Switch | None:
        return self._off.get(SwitchObject(kind=kind, program=program, id=id))


ALL_ON = Switches()
"""Nothing is off."""


def recorded(program: str, keys: Iterable[str]) -> list[Switch]:
    """Return the switches of ``program`` whose keys a snapshot kept; who, why and when it does not know."""
    found = []
    for key in keys:
        kind, _, name = key.partition("/")
        if is_block(key) or is_sent(key):
            continue
        whole = kind == SwitchKind.EVERYTHING
        known = SwitchObject(kind=SwitchKind(kind), program=None if whole else program, id=name or None)
        found.append(Switch(object=known, reason="", actor="", off_at=0))
    return found


def with_sent(off: Keys, sent: Collection[str]) -> Keys:
    """Return the keys of what is off to a decision whose cause has ``sent`` these messages already.

    An order that is judged anew, and two follow-ups of one event, send nothing a second time. It stands
    among what is off because a decision is explained by that, and because nearly none has any of it.
    """
    return tuple(sorted([*off, *(f"{SENT}/{message}" for message in sent)]))


def is_sent(key: str) -> bool:
    """Whether a key is that of a message which was sent before, and of no switch."""
    return key.startswith(f"{SENT}/")


def sent_before(keys: Keys) -> list[str]:
    """Return the messages that the cause of a decision had sent before it, by the keys of its snapshot."""
    return [key.removeprefix(f"{SENT}/") for key in keys if is_sent(key)]


class Off(msgspec.Struct, frozen=True):
    """What a snapshot says is off, to its version: by switches, and by the variants that the member has.

    ``stopped`` says why the whole program gives nothing, ``blocked`` why the customer can use nothing.
    ``campaigns`` are off bit by bit, by their index, and ``why_campaigns`` says why. ``rules``,
    ``messages`` and ``rewards`` say by their ids why they are off, alone or with their campaign; ``codes``
    are the rewards whose codes are off. ``withheld`` are the rewards that the member's variants do not offer:
    what the member has of them can be used. ``held_out`` tells that the program is stopped for this member
    alone, who may still spend unless ``blocked``.
    """

    stopped: str | None = None
    blocked: str | None = None
    held_out: bool = False
    campaigns: int = 0
    why_campaigns: dict[int, str] = {}
    rules: dict[str, str] = {}
    messages: dict[str, str] = {}
    rewards: dict[str, str] = {}
    codes: frozenset[str] = frozenset()
    withheld: dict[str, str] = {}

    def why_reward(self, reward: str, *, by_code: bool) -> str | None:
        """Return why a reward is switched off, or None if it is not; ``by_code``: by one of its codes."""
        if self.blocked is not None:
            return f"{reward} cannot be used: {self.blocked}"
        if self.stopped is not None and not self.held_out:
            return f"{reward} cannot be used: {self.stopped}"
        if reward in self.rewards:
            return f"{reward} cannot be used: {self.rewards[reward]}"
        if by_code and reward in self.codes:
            return f"{reward} cannot be used by a code: its codes were switched off"
        return None


NOTHING_OFF = Off()
_REMEMBERED = 256


def off_of(version: Version, snapshot: Snapshot) -> Off:
    """Return what is off in ``version`` by what a snapshot kept."""
    if not snapshot.off and not snapshot.variants:
        return NOTHING_OFF
    key = (snapshot.off, snapshot.variants)
    off: Off | None = version.off.get(key)
    if off is None:
        if len(version.off) >= _REMEMBERED:
            version.off.clear()
        off = version.off[key] = _off_of(version, *key)
    return off


def _off_of(version: Version, keys: Keys, variants: tuple[str, ...]) -> Off:
    named: dict[str, set[str]] = {}
    for key in keys:
        kind, _, name = key.partition("/")
        named.setdefault(kind, set()).add(name)
    stopped = None
    if SwitchKind.PROGRAM in named:
        stopped = "the program was switched off"
    if SwitchKind.EVERYTHING in named:
        stopped = "everything was switched off"
    gone, held_out = _gone(version, variants)
    blocks = blocked_by(keys)
    alone = WHY_NOTHING_EARNED if blocks & Block.EARNING else held_out
    campaigns = {
        index: f"campaign {campaign.id} was switched off"
        for index, campaign in enumerate(version.program.campaigns)
        if campaign.id in named.get(SwitchKind.CAMPAIGN, ())
    }
    lost = {
        index: why
        for index, campaign in enumerate(version.program.campaigns)
        if (why := gone.get(("campaign", campaign.id))) is not None
    }
    by_campaign = {each.rule.id: each.campaign for each in version.rules}
    of_messages = {each.id: each.campaign for each in version.messages}
    of_rewards = {reward: each.campaign for reward, each in version.rewards.items()}
    return Off(
        stopped=stopped or alone,
        blocked=WHY_NOTHING_SPENT if blocks & Block.SPENDING else None,
        held_out=stopped is None and alone is not None,
        campaigns=sum(1 << index for index in {**campaigns, **lost}),
        why_campaigns=lost | dict.fromkeys(campaigns, "it was switched off"),
        rules=_of_campaigns(by_campaign, lost)
        | {name: why for (kind, name), why in gone.items() if kind == "rule"}
        | _of_campaigns(by_campaign, campaigns)
        | dict.fromkeys(named.get(SwitchKind.RULE, ()), "it was switched off"),
        messages=_of_campaigns(of_messages, lost)
        | {name: why for (kind, name), why in gone.items() if kind == "message"}
        | _of_campaigns(of_messages, campaigns)
        | dict.fromkeys(named.get(SwitchKind.MESSAGE, ()), "it was switched off")
        | dict.fromkeys(named.get(SENT, ()), "it was sent for this before"),
        rewards=_of_campaigns(of_rewards, campaigns)
        | dict.fromkeys(named.get(SwitchKind.REWARD, ()), "it was switched off"),
        codes=frozenset(named.get(SwitchKind.VOUCHER_BATCH, ())),
        withheld=_withheld(version, held_out)
        | _of_campaigns(of_rewards, lost)
        | {name: why for (kind, name), why in gone.items() if kind == "reward"},
    )


def _gone(version: Version, variants: tuple[str, ...]) -> tuple[dict[Key, str], str | None]:
    """Return the parts that the member's variants turn off, and why the program is, if it is."""
    gone: dict[Key, str] = {}
    held_out = None
    for compiled, variant in zip(version.trials, variants, strict=True):
        gone.update(compiled.off.get(variant, {}))
        if compiled.whole and variant == HELD_OUT:
            held_out = f"the customer is in holdout {compiled.trial.id}"
    return gone, held_out


def _withheld(version: Version, held_out: str | None) -> dict[str, str]:
    """Return the rewards that somebody who is held out is not offered: all that cost no points."""
    if held_out is None:
        return {}
    return {reward: held_out for reward, each in version.rewards.items() if not each.lowest_price}


def _of_campaigns(campaign_of: Mapping[str, int | None], campaigns: Mapping[int, str]) -> dict[str, str]:
    """Return why each part of a campaign that is off is off."""
    return {
        part: campaigns[campaign]
        for part, campaign in campaign_of.items()
        if campaign is not None and campaign in campaigns
    }


def parts_of(program: Program) -> dict[SwitchKind, frozenset[str]]:
    """Return the ids of everything of a program that can be switched off by itself."""
    campaigns = program.campaigns
    rules = [*program.earning_rules, *(rule for campaign in campaigns for rule in campaign.earning_rules)]
    messages = messages_of(program)
    rewards = rewards_of(program)
    return {
        SwitchKind.CAMPAIGN: frozenset(campaign.id for campaign in campaigns),
        SwitchKind.RULE: frozenset(rule.id for rule in rules),
        SwitchKind.MESSAGE: frozenset(message.id for message in messages),
        SwitchKind.CHANNEL: frozenset(message.channel() for message in messages),
        SwitchKind.REWARD: frozenset(reward.id for reward in rewards),
        SwitchKind.VOUCHER_BATCH: frozenset(reward.id for reward in rewards if reward.codes is not None),
    }


def _known_keys(off: Iterable[SwitchObject], program: Program) -> Iterator[str]:
    """Yield the key of each switch that says anything to this version of a program."""
    parts = parts_of(program)
    for switched in off:
        if switched.kind is SwitchKind.EVERYTHING or (
            switched.program == program.program
            and (switched.kind is SwitchKind.PROGRAM or switched.id in parts[switched.kind])
        ):
            yield switched.key
