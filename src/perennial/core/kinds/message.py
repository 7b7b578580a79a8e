"""What every message has, whatever its channel. The kinds are files of ``core/messages/``."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from perennial.core.customers.consents import Purpose
from perennial.core.dates.schedule import Schedule, Span
from perennial.core.kinds.rule import Identifier
from perennial.core.terms.conditions import Condition
from perennial.core.terms.limits import Limit


class Markup(Enum):
    """What a template becomes, and so how the values in it are written."""

    LINE = "line"
    TEXT = "text"
    HTML = "html"


class Template(msgspec.Struct, frozen=True):
    """A text in Liquid of a message: the ``field`` of the document that holds it, and what it becomes."""

    field: str
    source: str
    markup: Markup


class Message(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="type",
):
    """The fields that every kind shares.

    It is sent when an earning rule with the same ``trigger``, ``when``, ``lines`` and ``schedule`` would
    fire. ``limits`` count the times, its own and the ``shared_limits`` that it names. After it was sent to a
    member it is not sent again for its ``cooldown``: at all, or for the same store (``cooldown_per:
    location``). With a ``purpose`` it goes to those alone who gave their consent to that; without one it is
    part of the service. It is sent within ``valid_for`` of what it is sent for, or not at all.
    """

    id: Identifier
    name: Annotated[str, Meta(min_length=1, max_length=200, description="a name for people")] | None = None
    trigger: str = "order.paid"
    when: Condition | None = None
    lines: Condition | None = None
    schedule: Schedule | None = None
    limits: tuple[Limit, ...] = ()
    shared_limits: tuple[Identifier, ...] = ()
    cooldown: Span | None = None
    cooldown_per: Literal["member", "location"] = "member"
    purpose: Purpose | None = None
    valid_for: Span = Span(days=3)

    example: ClassVar[str] = ""
    """A message of this kind as it stands in a document; every kind has one."""

    def channel(self) -> str:
        """Return over which channel it is sent: the kind's name in documents."""
        return str(self.__struct_config__.tag)

    def templates(self) -> tuple[Template, ...]:
        """Return the texts in Liquid that make what is sent, in the order of the document."""
        raise NotImplementedError
