"""The shop's own words for why a reward is refused: which are said, and which a document may have."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.terms.refusal_text import RefusalText, text_for
from perennial.core.validation.validation import validate

SMALL = RefusalText(text={"en": "From 50 euros on."}, reasons=("conditions_not_met", "no_effect"))
OTHER = RefusalText(text={"en": "Not now.", "fa": "اکنون نه."})


@pytest.mark.parametrize(
    ("texts", "reason", "said"),
    [
        ((SMALL, OTHER), "conditions_not_met", SMALL.text),
        ((OTHER, SMALL), "no_effect", SMALL.text),
        ((SMALL, OTHER), "expired", OTHER.text),
        ((SMALL,), "expired", None),
        ((), "expired", None),
    ],
)
def test_the_text_of_the_reason_comes_first(
    texts: tuple[RefusalText, ...], reason: str, said: dict[str, str] | None
) -> None:
    """A text that names the reason, then the one for all others, then none."""
    assert text_for(texts, reason) == said


@pytest.mark.parametrize(
    ("refusals", "problem"),
    [
        ([{"text": {}}], ("rewards[0].refusals[0].text", "empty")),
        (
            [{"text": {"en": "No."}, "reasons": ["too_late"]}],
            ("rewards[0].refusals[0].reasons[0]", "unknown_reference"),
        ),
        (
            [{"text": {"en": "No."}}, {"text": {"en": "Never."}}],
            ("rewards[0].refusals[1].reasons", "duplicate"),
        ),
        (
            [{"text": {"en": "No."}, "reasons": ["expired"]}, {"text": {"en": "."}, "reasons": ["expired"]}],
            ("rewards[0].refusals[1].reasons", "duplicate"),
        ),
        ([{"text": {"English": "No."}}], ("rewards[0].refusals[0].text.English", "malformed")),
    ],
)
def test_what_is_wrong_is_named(refusals: list[dict[str, Any]], problem: tuple[str, str]) -> None:
    """Nothing said, an unknown reason, two texts for one reason, a language that is none."""
    reward = {"id": "tea", "name": "Tea", "automatic": True, "gives": [{"type": "free_shipping"}]}
    program = program_of(
        {
            "program": "p",
            "name": "P",
            "wallets": [{"id": "w", "name": "W"}],
            "rewards": [reward | {"refusals": refusals}],
        }
    )
    problems = validate(program) if isinstance(program, Program) else program
    assert [(each.path, each.code) for each in problems] == [problem]
