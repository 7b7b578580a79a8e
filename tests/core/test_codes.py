"""Codes: how they are written, found and checked, and what keeps weak ones from being published."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from perennial.core.codes.check_character import check_digit, is_sound
from perennial.core.codes.codes import ALPHABET, Codes, last4, pattern_of
from perennial.core.codes.entry import code_form, entered_forms, shared_form
from perennial.core.compiling.compile import compile_version
from perennial.core.document.program import Program
from perennial.core.problems import Problem
from perennial.core.terms.condition_document import DEC_HOOK
from perennial.core.terms.limits import Counted
from perennial.core.validation.assessment import assess
from perennial.core.validation.validation import check_agreement, validate


def _codes(text: str, **more: Any) -> Codes:
    return Codes(pattern=text, **more)


def _errors(size: int, length: int) -> tuple[int, int, int]:
    """Return how many single errors and swaps of neighbors are not found, and how many swaps there are."""
    single = swapped = swaps = 0
    for digits in itertools.product(range(size), repeat=length):
        whole = [*digits, check_digit(digits, size)]
        assert is_sound(whole, size)
        for at in range(len(whole)):
            for other in set(range(size)) - {whole[at]}:
                single += is_sound([*whole[:at], other, *whole[at + 1 :]], size)
        for at, (left, right) in enumerate(itertools.pairwise(whole)):
            if left != right:
                swaps += 1
                swapped += is_sound([*whole[:at], right, left, *whole[at + 2 :]], size)
    return single, swapped, swaps


@pytest.mark.parametrize("size", [3, 5, 7, 9, 11, 21, 31])
def test_an_odd_alphabet_finds_every_single_error_and_every_swap(size: int) -> None:
    """All words of the alphabet, all errors: none is taken for a sound code."""
    single, swapped, swaps = _errors(size, 2 if size > 11 else 3)
    assert swaps > 0
    assert (single, swapped) == (0, 0)


@pytest.mark.parametrize(("size", "missed"), [(4, 4), (10, 4), (16, 4), (26, 4), (32, 4), (36, 4)])
def test_an_even_alphabet_finds_every_single_error_and_nearly_every_swap(size: int, missed: int) -> None:
    """All words of two letters: of the swaps a handful of pairs escape, of the single errors none."""
    single, swapped, _ = _errors(size, 2)
    assert (single, swapped) == (0, missed)


def test_check_digits_are_those_of_the_standard() -> None:
    """ISO 7064, MOD 11,10 and MOD 37,36: the examples of public documents, made with other software."""
    assert check_digit([0, 7, 9, 4], 10) == 5
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    word = [letters.index(letter) for letter in "A12425GABC1234002"]
    assert letters[check_digit(word, 36)] == "M"


def test_a_code_is_a_number_written_in_letters() -> None:
    """Every number has a code of its own, in the pattern's form, with a sound check character."""
    pattern = pattern_of(_codes("A-##-x#", alphabet="2345"))
    assert pattern.space == 64
    codes = [pattern.write(number) for number in range(64)]
    assert len({text for text, _ in codes}) == len({form for _, form in codes}) == 64
    assert codes[0][0] == "A-22-x25"
    for text, form in codes:
        assert form == pattern.form(text)
        assert (text[:2], text[4:6], len(text)) == ("A-", "-x", 8)
        assert not pattern.is_mistyped(text)


def test_without_a_check_character_the_code_ends_with_its_pattern() -> None:
    """The check character stands behind the last random one, and only if it is wanted."""
    assert pattern_of(_codes("#-END", alphabet="AB", check=False)).write(1) == ("B-END", "8END")
    assert pattern_of(_codes("#-END", alphabet="ABC")).write(1)[0] == "BB-END"


def test_a_typing_error_is_told_from_a_guess() -> None:
    """Wrong by one letter or a swap: mistyped. Of another shape or length: no code of the pattern at all."""
    pattern = pattern_of(_codes("SUMMER-############"))
    text, _ = pattern.write(123_456_789_012)
    assert not pattern.is_mistyped(text)
    assert not pattern.is_mistyped(text.lower().replace("-", " "))
    for at in range(len("SUMMER-"), len(text)):
        other = "2" if text[at] != "2" else "3"
        assert pattern.is_mistyped(text[:at] + other + text[at + 1 :])
        swapped = text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]
        if at > len("SUMMER-") and text[at] != text[at - 1]:
            assert pattern.is_mistyped(swapped)
    for other in ("WINTER" + text[6:], text[:-1], f"{text}2", "", "SUMMER-"):
        assert not pattern.is_mistyped(other)
    assert not pattern_of(_codes("SUMMER-####", check=False)).is_mistyped("SUMMER-2222")


@pytest.mark.parametrize(
    "entered",
    [
        "OFFER-7KQW-2ZP4",
        "offer-7kqw-2zp4",
        " OFFER 7KQW 2ZP4 ",
        "0ffer7kqw2zp4",
        "OFFER\u20137KQW\u20132ZP4",
        "OFFER_7KQW\u00a02ZP4",
        "\uff2f\uff26\uff26\uff25\uff32-\uff17KQW-2ZP\u06f4",
    ],
)
def test_however_it_is_entered_it_is_the_same_code(entered: str) -> None:
    """Case, spaces, dashes, a zero for an O, wide letters and digits of another script do not matter."""
    assert code_form("OFFER-7KQW-2ZP4", ALPHABET) in entered_forms(entered)


@pytest.mark.parametrize(
    ("alphabet", "one", "two", "equal"),
    [
        (ALPHABET, "A0", "AO", True),
        (ALPHABET, "A1", "AL", True),
        (ALPHABET, "A5", "AS", False),
        ("0123456789", "15", "IS", True),
        ("0123456789", "88", "BB", True),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "AI", "AL", False),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "B0", "8O", True),
        ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A0", "AO", False),
    ],
)
def test_letters_look_alike_only_where_the_alphabet_has_one_of_them(
    alphabet: str, one: str, two: str, equal: bool
) -> None:
    """Codes that differ in letters which both are in the alphabet stay two codes."""
    assert (code_form(one, alphabet) == code_form(two, alphabet)) is equal
    for text in (one, two):
        assert code_form(text, alphabet) in entered_forms(text)


def test_codes_of_a_pool_stay_unique() -> None:
    """All 36 x 36 codes of an alphabet with all letters have forms of their own."""
    codes = _codes("##", alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    pattern = pattern_of(codes)
    assert len({pattern.write(number)[1] for number in range(pattern.space)}) == 36 * 36


def test_what_is_no_code_has_no_form() -> None:
    """Nothing, separators alone, and what is far too long are looked up nowhere."""
    assert entered_forms("") == entered_forms(" - _ ") == entered_forms("A" * 201) == ()
    assert entered_forms("abc") == ("ABC", "A8C")
    assert len(entered_forms("OILSB" * 10)) == 16


def test_no_more_than_half_of_a_short_code_is_shown() -> None:
    """The last four characters, of a code of five the last two, and nothing of a single one."""
    assert [last4(text) for text in ("SUMMER-7KQW", "ABCDE", "AB", "A")] == ["7KQW", "DE", "B", ""]


def _off(**more: Any) -> dict[str, Any]:
    reward = {"id": "off", "name": "Off", "gives": [{"type": "amount_off", "value": 500}]}
    return {**reward, **more}


def _program(*rewards: dict[str, Any], **parts: Any) -> Program:
    document = {
        "program": "shop",
        "name": "Shop",
        "wallets": [{"id": "points", "name": "Points"}],
        "rewards": list(rewards),
        **parts,
    }
    return msgspec.convert(document, Program, dec_hook=DEC_HOOK)


def _found(*rewards: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.path, each.code) for each in validate(_program(*rewards))]


def test_money_that_anybody_could_guess_is_not_published() -> None:
    """Eight characters of 31 are 39 bits: four are missing, and the problem says so."""
    [problem] = validate(_program(_off(codes={"pattern": "SUMMER-########"})))
    assert (problem.path, problem.code) == ("rewards[0].codes.pattern", "weak_codes")
    assert problem.words == (
        "whoever guesses a code gets money, and 8 random characters of 31 are 39 bits: add 4 more # to have "
        "59, or bind the codes to members (bound: true)"
    )


@pytest.mark.parametrize(
    "reward",
    [
        _off(codes={"pattern": "SUMMER-############"}),
        _off(codes={"pattern": "S-####", "bound": True}),
        _off(codes={"pattern": "S-####"}, gives=[{"type": "percent_off", "percent": "10"}]),
        _off(codes={"alphabet": "01"}),
        _off(codes={"shared": "SUMMER"}),
        _off(price=500),
    ],
    ids=["12 of 31", "bound", "no money", "imported", "shared", "claimed"],
)
def test_what_is_strong_enough_or_needs_no_strength_is_published(reward: dict[str, Any]) -> None:
    """59 bits, codes of members, codes that carry no money, and those that we do not make."""
    assert _found(reward) == []


def test_the_bound_lies_between_eleven_and_twelve_characters() -> None:
    """The rule is exact: with 31 letters 11 characters are refused; 18 digits are enough, 17 are not."""
    digits = "0123456789"
    for length, alphabet, weak in (
        (11, ALPHABET, True),
        (12, ALPHABET, False),
        (17, digits, True),
        (18, digits, False),
    ):
        found = _found(_off(codes={"pattern": "#" * length, "alphabet": alphabet}))
        assert bool(found) is weak, (length, alphabet)


@pytest.mark.parametrize(
    ("gives", "refused", "warned"),
    [
        ({"type": "amount_off", "value": 300}, [], ["weak_codes"]),
        ({"type": "gift_card", "value": 300}, ["weak_codes"], []),
        ({"type": "free_shipping"}, [], []),
    ],
)
def test_codes_of_challenges(gives: dict[str, Any], refused: list[str], warned: list[str]) -> None:
    """What was published once can be again, with a warning; gift cards, which are new, have strong codes."""
    challenge = {
        "id": "card",
        "name": "A card",
        "goals": [{"measure": "lines.quantity", "target": 5}],
        "gives": [gives],
        "codes": {"pattern": "CARD-########"},
    }
    program = _program(challenges=[challenge])
    assert [each.code for each in validate(program)] == refused
    assert [each.code for each in assess(program).warnings] == warned


def test_codes_of_claims_are_looked_at_as_well() -> None:
    """A claim makes codes by the usual pattern; in two letters that is no secret."""
    assert _found(_off(price=500, codes={"alphabet": "AB"})) == [("rewards[0].codes", "weak_codes")]


@pytest.mark.parametrize(
    ("codes", "path", "code"),
    [
        ({"pattern": "SUMMER"}, "pattern", "no_random_character"),
        ({"pattern": "#" * 100}, "pattern", "too_long"),
        ({"pattern": "A\u202e#", "bound": True}, "pattern", "bad_letter"),
        ({"alphabet": "AaB"}, "alphabet", "duplicate_letter"),
        ({"alphabet": "A-B"}, "alphabet", "bad_letter"),
        ({"alphabet": "A#B"}, "alphabet", "bad_letter"),
        ({"alphabet": "AB\u00df"}, "alphabet", "bad_letter"),
        ({"shared": " - "}, "shared", "empty_code"),
        ({"shared": "S", "pattern": "############"}, "pattern", "shared_or_own"),
        ({"shared": "S", "valid_for": {"days": 1}}, "valid_for", "shared_or_own"),
        ({"shared": "S", "bound": True}, "bound", "shared_or_own"),
        ({"valid_for": {}}, "valid_for", "empty_span"),
    ],
)
def test_what_is_wrong_with_codes_is_named(codes: dict[str, Any], path: str, code: str) -> None:
    """Each mistake has its place and its code."""
    assert (f"rewards[0].codes.{path}", code) in _found(_off(codes=codes))


def test_one_shared_code_means_one_reward() -> None:
    """Two rewards whose codes are read alike are a problem, in one program and across programs."""
    one = _off(codes={"shared": "SUMMER10"})
    two = {**_off(codes={"shared": "summer-IO"}), "id": "other"}
    assert _found(one, two) == [("rewards[1].codes.shared", "duplicate")]
    assert check_agreement(_program(two), {"first": _program(one)}) == [
        Problem(
            "rewards[0].codes.shared",
            "duplicate",
            '"summer-IO" is read as the code of reward off of program first: one code, one reward',
        )
    ]
    assert check_agreement(_program(two), {"first": _program(_off())}) == []


@pytest.mark.parametrize(
    ("pattern", "shared", "may_be"),
    [
        ("SPRING-##", "spring AB", True),
        ("SPRING-##", "SPR1NG-AB", True),
        ("SPRING-##", "SPRING-ABC", False),
        ("SPRING-##", "SUMMER-AB", False),
        ("SPRING-##", "SPRING-A!", False),
        ("#-END", "A-END", True),
        ("SPRING-############", "SPRING-ABCDEFGHJKMN", False),
    ],
)
def test_a_code_for_everybody_is_never_drawn_by_a_pattern(pattern: str, shared: str, *, may_be: bool) -> None:
    """However it is written, in one program and across programs; of strong codes it never happens."""
    pool = {**_off(codes={"pattern": pattern, "bound": True, "check": False}), "id": "pool"}
    code = _off(codes={"shared": shared})
    assert _found(pool, code) == ([("rewards[1].codes.shared", "duplicate")] if may_be else [])
    for mine, other, field in ((code, pool, "shared"), (pool, code, "pattern")):
        found = check_agreement(_program(mine), {"first": _program(other)})
        expected = [(f"rewards[0].codes.{field}", "duplicate")] if may_be else []
        assert [(each.path, each.code) for each in found] == expected


def test_a_check_character_tells_a_code_from_one_that_is_drawn() -> None:
    """Of ten codes that only end differently, one has the right check character."""
    codes = pattern_of(Codes(pattern="SPRING-##", alphabet="0123456789", check=True))
    assert sum(codes.may_be(f"SPRING-42{digit}") for digit in range(10)) == 1


def test_a_version_knows_its_shared_codes_and_their_uses() -> None:
    """The code leads to its reward; its uses are a limit for all members together."""
    program = _program(
        _off(codes={"shared": "Summer-10", "uses": 100}),
        {**_off(codes={"shared": "FOREVER"}), "id": "ever"},
        {**_off(codes={"uses": 3}), "id": "own"},
    )
    version = compile_version(program, 1, 1, 0, {"points": 1})
    assert version.shared_codes == {shared_form("SUMMER10"): "off", shared_form("forever"): "ever"}
    assert [(limit.name, limit.cap, limit.counts) for limit in version.budgets] == [
        ("shared code off: 100 times in all, all members together", 100, Counted.TIMES)
    ]
    bounds = {name: [bound.total for bound in compiled.bounds] for name, compiled in version.rewards.items()}
    assert bounds == {"off": [True], "ever": [], "own": []}


def test_how_often_a_code_may_be_used() -> None:
    """Once, if nothing is said."""
    assert [Codes().uses_of_each, Codes(uses=3).uses_of_each] == [1, 3]
