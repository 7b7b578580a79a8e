"""Consents: the later word stands, in whatever order they are heard."""

from __future__ import annotations

from itertools import permutations

import msgspec

from perennial.core.customers.consents import (
    Consent,
    ConsentChannel,
    ConsentState,
    SaidConsent,
    heard,
    standing_after,
)

EMAIL = ConsentChannel.EMAIL
GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN


def said(state: ConsentState, at: int, channel: ConsentChannel = EMAIL) -> Consent:
    """Return a word about marketing."""
    return Consent(channel=channel, purpose="marketing", state=state, at=at, source="web")


def test_the_later_word_stands_in_every_order() -> None:
    """Of two of one instant it is the withdrawal; channels do not touch each other."""
    words = [said(GIVEN, 1), said(WITHDRAWN, 3), said(GIVEN, 3), said(GIVEN, 2, ConsentChannel.SMS)]
    for each in permutations(words):
        standing = standing_after({}, each)
        assert standing == {
            (EMAIL, "marketing"): words[1],
            (ConsentChannel.SMS, "marketing"): words[3],
        }


def test_what_is_said_now_is_the_last_word() -> None:
    """Also where what stands has a clock that is ahead; what stands already is not said again."""
    new = SaidConsent(channel=EMAIL, purpose="marketing", state=WITHDRAWN, source="web")
    first = heard(new, None, 10)
    assert first == said(WITHDRAWN, 10)
    assert heard(new, first, 20) is None
    assert heard(new, said(GIVEN, 15), 10) == said(WITHDRAWN, 16)
    assert heard(msgspec.structs.replace(new, source="till"), first, 20) is not None


def test_what_has_an_instant_is_always_recorded() -> None:
    """Saying again what stands is a confirmation of later."""
    again = SaidConsent(channel=EMAIL, purpose="marketing", state=GIVEN, source="web", at=30)
    assert heard(again, said(GIVEN, 1), 40) == said(GIVEN, 30)
