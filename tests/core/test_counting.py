"""One of something is said as one, in every sentence that counts, and told in every language."""

from __future__ import annotations

import pytest

from perennial.core.counting import are, counted
from perennial.core.explaining.retelling import retell
from perennial.core.language import Language
from perennial.core.languages import LANGUAGES
from perennial.core.wallets.spending import insufficient

_TOLD = [each for each in LANGUAGES.values() if each.code != "en"]


def test_one_and_several() -> None:
    """Written numbers count as well; half a point is several."""
    assert [counted(each, "points") for each in (0, 1, "1", 2, "0.5")] == [
        "0 points",
        "1 point",
        "1 point",
        "2 points",
        "0.5 points",
    ]
    assert (counted(1, "people"), counted(2, "people")) == ("1 person", "2 people")
    assert (are(1), are("1.5"), are(0)) == ("1 is", "1.5 are", "0 are")


def test_a_single_point_is_missing() -> None:
    """As a cashier reads it."""
    assert insufficient(1, 0).words == "1 point is needed and 0 are available: 1 is missing."
    assert insufficient(3, 1).words == "3 points are needed and 1 is available: 2 are missing."


@pytest.mark.parametrize("language", _TOLD, ids=lambda each: each.code)
@pytest.mark.parametrize("required", [1, 3])
def test_both_are_told(required: int, language: Language) -> None:
    """One pattern knows both forms."""
    said = insufficient(required, required - 1).words
    assert not set(retell(said, language)) & set("abcdefghijklmnopqrstuvwxyz")
