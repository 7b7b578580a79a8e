"""What every signal of fraud has, whatever its kind. The kinds are files of ``core/fraud/``.

A signal looks at the evidence about a referral and says whether it is there; what happens then is said
in the document. Of addresses, devices and payments only keyed hashes are ever compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import ClassVar

import msgspec


class Trace(StrEnum):
    """What a person leaves behind, by which two customers may be the same. The words are stored."""

    EMAIL = "email"
    DEVICE = "device"
    ADDRESS = "address"
    PAYMENT = "payment"
    IP = "ip"


class Action(StrEnum):
    """What happens to a referral for which a signal is there."""

    REJECT = "reject"
    REVIEW = "review"
    IGNORE = "ignore"


class Evidence(msgspec.Struct, frozen=True):
    """What is known about a referral.

    ``shared`` are the traces that the advocate and the friend have in common. ``orders_before`` is how many
    orders the friend had paid before being referred, ``from_ip`` how many referrals came from the address
    of this one within so many days, before or after it, this one included. ``hosts`` are those of the
    friend's e-mail addresses.
    """

    shared: frozenset[Trace] = frozenset()
    orders_before: int = 0
    from_ip: Mapping[int, int] = {}
    hosts: frozenset[str] = frozenset()


class Signal(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="type",
):
    """What every kind can be asked."""

    example: ClassVar[str] = ""
    """A signal of this kind as it stands in a document; every kind has one."""

    def is_there(self, evidence: Evidence) -> bool:
        """Return whether the evidence shows the signal."""
        raise NotImplementedError

    def does(self) -> Action:
        """Return what happens then."""
        raise NotImplementedError

    def words(self, evidence: Evidence) -> str:
        """Say what the evidence shows to who looks at the referral; asked where the signal is there."""
        raise NotImplementedError

    def looks_back(self) -> int:
        """Return within how many days it counts referrals of one address; 0: it does not."""
        return 0


class Verdict(msgspec.Struct, frozen=True):
    """What the signals of an offer say together: the ``action``, and the names of those that are there."""

    action: Action
    signals: tuple[str, ...] = ()


def verdict_on(signals: Iterable[Signal], evidence: Evidence) -> Verdict:
    """Return the gravest thing that happens, and why; signals that are ignored are named too."""
    there = [signal for signal in signals if signal.is_there(evidence)]
    names = tuple(str(signal.__struct_config__.tag) for signal in there)
    for action in (Action.REJECT, Action.REVIEW):
        grave = tuple(name for signal, name in zip(there, names, strict=True) if signal.does() is action)
        if grave:
            return Verdict(action, (*grave, *(name for name in names if name not in grave)))
    return Verdict(Action.IGNORE, names)
