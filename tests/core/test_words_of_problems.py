"""What is wrong with a draft, what playing it has found, why a call failed: told in every language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from perennial.core.conditions.flaws import Flaw
from perennial.core.explaining.retelling import retell, retell_words
from perennial.core.language import Language
from perennial.core.languages import ENGLISH, LANGUAGES
from perennial.core.problems import Problem
from tests.core.said import said_in, written_in

SOURCE = Path(__file__).parents[2] / "src" / "perennial"
OTHERS = [language for language in LANGUAGES.values() if language is not ENGLISH]
_BY_CODE = pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.code)
_LOWER = re.compile(r"[a-z_]{2,}")
_KEPT = re.compile("`[^`]+`")
_HOLE = re.compile(r"\{\w+(?::[^{}\s]+)?\}")
ROOMS = ("earning", "finder", "fraud", "rewards", "validation")

FINDING = (
    "case cases/case_budgets cases/case_differences cases/case_file cases/cases challenges/challenges"
    " checkout/checkout checkout/entered checkout/quote checkout/redemption checkout/why_not"
    " claims/availability claims/claims claims/part_payment conditions/check conditions/flaws course"
    " customers/identifiers dates/occurrences dates/recurrence dates/schedule document/document"
    " document/shape document/text document/waiting_list findings kinds/liquid kinds/percentage pricing/best"
    " pricing/combining pricing/price pricing/stack referrals/rewards rehearsal/cards rehearsal/checkout"
    " rehearsal/conversions rehearsal/gives_back rehearsal/referrals rehearsal/rehearsal rehearsal/waits"
    " segments/following_segments segments/segment segments/templates terms/condition_document"
    " terms/text_pattern tiers/reviews validation_cases wallets/spending"
)
"""The files of the core that do nothing but say what is wrong: every sentence in them is said to people."""

PARTS = frozenset(
    {
        "1 exclusive ones",
        "points are",
        "1 is not off",
        "the program has no 1",
        "The friend had paid 1 1 before being referred.",
        "Reward 1 cannot be claimed: 1 is switched off (1).",
        " (and 1 more)",
        "1 is expected here",
        "1 is not known here1",
        "1 is not known1",
        "1 should 1be in segment 1",
        "1 should become 1",
        "1 but 1 become 1",
        " in wallet 1",
        ", whose points were sent to somebody else,",
        "; did you mean 1?",
        "; here are 1",
        "; it is one of 1",
        "; only orders have a value",
        "; put it in quotes",
        "; this program has 1",
        "; this program has none",
        "An order of 1.00 EUR1 leaves 1 1 behind when it is returned whole",
        "One person with 1 accounts refers herself by 11, and 1",
        "a date, such as 2026-12-31",
        "a limit counts one thing: 11",
        "a place, such as 52.520008,13.404954",
        "a time, such as 17:00",
        "a whole number",
        "activity or event",
        "an instant with an offset, such as 2026-12-31T17:00:00Z",
        "at most 1 rewards apply to an order, so never 1",
        "declared event",
        "did you mean 1?",
        "earning rules, those of campaigns included",
        "messages, those of campaigns included",
        "event to trigger on",
        "experiment or holdout",
        "gets something",
        "gets what is worth 1.00 EUR",
        "goods for 1.00 EUR",
        "no tier",
        "number of friends",
        "points that pay",
        "points, times, discount, units, order_value or customers",
        "reason of the referral",
        "reward with codes",
        "shared limit",
        "taken back",
        "the 1 should be 1 but is 1",
        "the claimable rewards",
        "the discount on shipping",
        "the discount",
        "the flaw 1 should 1be found",
        "the offered rewards",
        "the total",
        'there is no 1 "1"1',
        "there is no 1",
        "there is no event 1 to count1",
        "there is no field 1",
        "there is no kind 1",
        "what all comes back",
        "what is left to pay",
        "what it would earn",
        # told, but for what stands in it as in documents
        '"member.1" is a fact of every program; choose another name',
        "name the program: program/1",
        # nobody is told these: field names, faults of the code, and how it is proved
        "1 has no reader",
        "1 has no schema",
        "1 has no writer",
        "Changed | None",
        "a candidate that is usable at the end is not spoiled",
        "a.b[0]: a step has no part that is read by hand, as '1'",
        "contains unknown",
        "lines match",
        "lines total",
        "means of payment",
        "nothing is always a choice",
        "per unit",
        "start: next_period",
    }
)
"""What stands in another sentence, which is told as a whole (see :data:`WHOLE`), or is said to nobody."""

WHOLE = (
    'A[0].B: there is no tier "X"; this program has X, Y (and 2 more)',
    'there is no reward with codes "X"; this program has none',
    'shared limit "X" is named twice',
    'the id "X" is used by another experiment or holdout already (A.B[0])',
    'the id "X" is used by another rule already (A.B[0])',
    'there is no declared event "X"; this program has none',
    'there is no activity or event "X"; this program has X',
    'there is no event to trigger on "X"; this program has X',
    'there is no field "X"; did you mean Y?',
    'there is no kind "X"; known: X, Y',
    'there is no "X"; known: X, Y',
    "there is no event X to count; did you mean Y?",
    "X is not known; did you mean Y?",
    "X is not known here; it is one of X, Y",
    "a date, such as 2026-12-31 is expected here",
    "an instant with an offset, such as 2026-12-31T17:00:00Z is expected here",
    "a place, such as 52.520008,13.404954 is expected here",
    "a time, such as 17:00 is expected here",
    "a whole number is expected here",
    "a text is expected here",
    "expected fields (X, Y, ...), got a list of 3",
    "expected a list of 2, got nothing",
    "expected names with values, got the fraction 1.5",
    "expected one of the allowed types, got text",
    "expected text, got an integer; put it in quotes",
    "expected int, got str",
    "expected object | null, got array",
    "expected str of length >= 1",
    "expected int <= 100",
    'expected a short name in lower case, got "X"',
    'expected a factor as text, such as "1.5", got "X"',
    "a program has at most 2,000 earning rules, those of campaigns included; this one 2,001",
    "a program has at most 2,000 shared limits; this one 2,001",
    "at most 1 rewards apply to an order, so never 2 exclusive ones",
    "this contradicts A.B[0]: X, but Y",
    "a limit counts one thing: points, times, discount, units, order_value or customers; here are X and Y",
    "a limit counts one thing: points, times, discount, units, order_value or customers; only orders have a value",
    "did not find expected ',' or '}' (line 3, column 4)",
    "the expression is not valid: missing ]: [X",
    "the body is not JSON: Expecting ',' delimiter at line 3, column 4",
    "the text is not UTF-8",
    "Reward X cannot be claimed: reward X is switched off (X).",
    "the program has no reward X",
    "campaign X is not off",
    "X should not be in segment Y",
    "X should be in segment Y",
    "1 should become 2 but 3 become 4",
    "balance should be 10 but is 20 in wallet X",
    "points that pay should be 10 but is 20",
    "what it would earn should be 10 but is 20",
    "taken back should be 10 but is 20",
    "the offered rewards should be X, Y but are nothing",
    "the claimable rewards should be nothing but are X",
    "rule X Y (X) should give 10 points but gives 20",
    "messages should be nothing but are X (X), Y",
    "the tier should be X (X) but is none",
    "the variant of X Y (X) should be none but is Y",
    "the discount should be 10 but is 20",
    "the discount on shipping should be 10 but is 20",
    "the discount of line X should be 10 but is 0",
    "1 points that wait for their order until X should be left but 2 are",
    "1 points that wait for their order should be left but 2 are",
    "1 points from X until Y should be left but 2 are",
    "1 points from X should be left but 2 are",
    "the number of gifts should be 1 but is 2",
    "gift 1: kind should be cash payout but is none",
    "gift 1: name should be X but is none",
    "gift 1: amount should be 1 but is 2",
    "gift 1: quantity should be 1 but is none",
    "gift 1: state should be open but is paid",
    "gift 1: expiry should be none but is X",
    "the lots hold what they should, but in another order or in other parts",
    "the total should be 10 but is 20",
    "the place in line of X should be 1 but is 0",
    "what is left to pay should be 10 but is 20",
    "the tier should be X but is Y",
    "the reason of the referral should be X but is Y",
    "the number of friends should be 1 but is 2",
    "advice of X should be Y but is Z",
    "challenge X: completed should be 1 but is 0",
    "segment X should be entered at Y, but was at Z",
    "the flaw X should not be found",
    "the flaw X should be found",
    "expected no refusal, but it was the refusal X (Reward X needs tier Y.)",
    'expected the refusal "Too few points", but it was no refusal',
    "X: balance should be 10 but is 20",
    "An order of 12.00 EUR, whose points were sent to somebody else, leaves 12 X behind when it is returned whole",
    "An order of 1,200.00 EUR leaves 12 X behind when it is returned whole",
    "One person with 3 accounts refers herself by X, ordering what all comes back, and gets something",
    "One person with 3 accounts refers herself by X, ordering goods for 9.00 EUR, and gets what is worth 5.00 EUR",
    "One person with 3 accounts refers herself by X, and gets something",
    "Nobody reaches X: 100.00 EUR a month, for 24 months, ends in no tier",
    "The rule X can never fire: A.B at least 5 and A.B less than 4 exclude each other",
    "For 9.00 EUR somebody earns points that pay, worth 9.00 EUR: more than the margin of 30 %",
    "For 9.00 EUR somebody earns points that buy X, worth 9.00 EUR: more than the margin of 30 %",
    "The friend had paid 1 order before being referred.",
    "The friend had paid 2 orders before being referred.",
    "2.5 % comes back (100 of X are worth 1.00 EUR): less than 3 % is hardly noticed",
    "No difference can be told yet: X may bring between 1.20 less and 3.40 EUR per customer more than those"
    " held out.",
    "More customers who order again: X brings 1.2 to 3.4 customers in a hundred more than everybody else.",
    "Less points: X brings 1.2 to 3.4 points per customer less than Y.",
    "X cannot be used now: reward X: 2 units in all of each product, all members together: used up",
    "X cannot be used now: campaign X: 5.00 EUR of discount per month, for each location: 1.20 left, whole only",
    "takes only what is left: spending X: 3 times in all: used up",
    "X has ended: 2026-03-01 00:00",
    "X has not started: 2026-03-01 00:00",
    "campaign X has ended: 2026-03-01 00:00",
    "campaign X has not started: 2026-03-01 00:00",
    "campaign X is not offered at this time",
    "X needs tier Y or Z",
)
"""Sentences as they are put together; names in them are capitals, which every language keeps."""


def _said() -> Iterator[str]:
    core = SOURCE / "core"
    finding = [core / f"{name}.py" for name in FINDING.split()]
    finding += [path for room in ROOMS for path in sorted((core / room).glob("*.py"))]
    for path in finding:
        yield from written_in(path)
    for room in ("flows", "http"):
        for path in sorted((SOURCE / room).rglob("*.py")):
            yield from said_in(path)


@cache
def _phrases(code: str) -> frozenset[str]:
    said = LANGUAGES[code].sentences.values()
    return frozenset(word for each in said for word in _LOWER.findall(_HOLE.sub("", each)))


def _untold(said: str, language: Language) -> set[str]:
    """Return the words of a sentence that are in no phrase of the language: nobody has translated them."""
    told = retell(said, language)
    return set(_LOWER.findall(said)) if told == said else set(_LOWER.findall(told)) - _phrases(language.code)


def test_every_sentence_has_an_entry() -> None:
    """What the code can say of a problem is known, hole by hole; every listed part is there."""
    persian, said = LANGUAGES["fa"], set(_said())
    assert {each: left for each in said - PARTS if (left := _untold(each, persian))} == {}
    assert PARTS - said == set()


@_BY_CODE
@pytest.mark.parametrize("said", WHOLE)
def test_a_sentence_of_parts_is_told_as_a_whole(language: Language, said: str) -> None:
    """Nothing of the English is left, whatever it was put together from."""
    assert _untold(said, language) == set(), retell(said, language)


@_BY_CODE
def test_words_of_documents_are_those_of_the_sentence(language: Language) -> None:
    """What a phrase keeps between backticks stands in the English too."""
    for source, said in language.sentences.items():
        for kept in _KEPT.findall(said):
            assert kept.strip("`").replace("{{", "{").replace("}}", "}") in source, source


def test_what_people_typed_is_kept() -> None:
    """Names, quotation marks and all; English is never touched."""
    persian = LANGUAGES["fa"]
    assert retell("There is no customer 'Anna Not Found'.", persian) == (
        "مشتری «\u2068Anna Not Found\u2069» وجود ندارد."
    )
    assert retell("Nobody has said this before.", persian) == "Nobody has said this before."
    assert all(retell(said, ENGLISH) == said for said in WHOLE)


def test_the_words_of_a_struct_are_told() -> None:
    """Whatever is in it; paths, codes and what is no sentence of ours stay."""
    korean = LANGUAGES["ko"]
    found = Problem("rewards[0]", "too_many", "a code has letters or digits, not only spaces and dashes")
    told = retell_words((found, Flaw("a", "b", "typed by somebody")), korean)
    assert told[0] == Problem(
        found.path, found.code, "코드에는 공백과 하이픈뿐 아니라 문자나 숫자가 있어야 합니다"
    )
    assert told[1] == Flaw("a", "b", "typed by somebody")
    assert retell_words(found, ENGLISH) is found
