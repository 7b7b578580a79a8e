"""A referral is told whole in every language: its course, its gifts, its state, and each reason for it."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest

from perennial.core.document.referral_terms import Role
from perennial.core.fraud import KINDS
from perennial.core.language import Language
from perennial.core.languages import ENGLISH, LANGUAGES
from perennial.core.referrals.referrals import ReferralState
from perennial.flows.referral_views import ReferralView
from perennial.flows.referrals.story import REASONS, tell_beginning, tell_counted, tell_gift, tell_state

_AT = "2027-05-03T09:00:00Z"
_ZONE = ZoneInfo("Asia/Seoul")
_ENGLISH = re.compile("[a-z]{2,}")
_OTHERS = [language for language in LANGUAGES.values() if language is not ENGLISH]


def _view(state: ReferralState, reason: str | None = None, customer: str | None = "B-2") -> ReferralView:
    return ReferralView(
        id="1",
        program="P",
        offer="O",
        customer=customer,
        advocate=None if customer is None else "A-1",
        state=state.word,
        attributed_at=_AT,
        reason=reason,
    )


@pytest.mark.parametrize("language", _OTHERS, ids=lambda language: language.code)
def test_nothing_of_a_story_stays_english(language: Language) -> None:
    """Whoever is named, whatever counted, and why it is as it is."""
    rejected = _view(ReferralState.REJECTED)
    told = [
        tell_beginning(view, _ZONE, language) for view in (rejected, _view(ReferralState.PENDING, None, None))
    ]
    told += [tell_counted(rejected, what, "X-1", _AT, _ZONE, language) for what in ("order", "event")]
    told += [tell_counted(rejected, "joining", None, _AT, _ZONE, language)]
    told += [tell_gift(role, None, {"W": 1_000}, {}, language) for role in Role]
    for state in ReferralState:
        for reason in (None, *REASONS):
            told += tell_state(_view(state, reason), language, gave=True)
    assert [words for words in told if _ENGLISH.search(words)] == []
    # Five states that need a reason, each without one and with each; two sentences where it was taken back.
    assert len(told) == 7 + (len(ReferralState) - 1) * (1 + len(REASONS)) + (1 + len(REASONS))


def test_points_of_a_gift_have_the_decimals_of_their_wallet() -> None:
    """Each wallet its own, in any language."""
    points, places = {"CASH": 1_250, "STARS": 1_250}, {"CASH": 2, "STARS": 0}
    told = [tell_gift(Role.FRIEND, "Tea", points, places, LANGUAGES[code]) for code in ("en", "ko")]
    assert told == [
        "The friend got Tea (12.50 CASH, 1,250 STARS).",
        "친구가 받은 것: Tea (12.50 CASH, 1,250 STARS).",
    ]


def test_signals_of_fraud_have_words() -> None:
    """A referral is rejected, or looked at, for any of them."""
    assert KINDS.keys() <= REASONS.keys()


def test_a_reason_that_is_not_known_is_kept() -> None:
    """As it stands in the answer beside."""
    told = [*tell_state(_view(ReferralState.REJECTED, "moon_phase"), LANGUAGES["ko"], gave=False)]
    assert told == ["거절됨: moon_phase."]


def test_a_story_is_told_by_the_clock_of_the_program() -> None:
    """Nine hours later than in UTC, as the days of the program are."""
    view = _view(ReferralState.PENDING)
    assert tell_beginning(view, _ZONE, ENGLISH) == "B-2 was referred by A-1 at 2027-05-03 18:00 (offer O)."
    assert tell_counted(view, "order", "X-1", _AT, _ZONE, ENGLISH) == (
        "What counted was order X-1 at 2027-05-03 18:00."
    )
