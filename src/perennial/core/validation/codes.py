"""What must be right about the codes of rewards: how they look, and that nobody guesses money."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from perennial.core.codes.codes import MAX_LENGTH, RANDOM, Codes, pattern_of
from perennial.core.codes.entry import plain_form, shared_form
from perennial.core.conditions.flaws import Flaw
from perennial.core.document.program import Program
from perennial.core.document.reward import Reward
from perennial.core.findings import Findings
from perennial.core.problems import Problem

NEEDED_BITS = 59
"""How strong a code must be that anybody may use and that carries money: 12 characters out of 31."""


def rewards_of(program: Program) -> list[tuple[str, Reward]]:
    """Return every reward of a program with its path, those of campaigns included."""
    found = [(f"rewards[{index}]", reward) for index, reward in enumerate(program.rewards)]
    for number, campaign in enumerate(program.campaigns):
        found += [
            (f"campaigns[{number}].rewards[{index}]", reward) for index, reward in enumerate(campaign.rewards)
        ]
    return found


def check_codes(findings: Findings) -> None:
    """Check the codes of every reward, and of what challenges give."""
    owners: dict[str, str] = {}
    pools = [(reward.id, reward.codes) for _, reward in rewards_of(findings.program) if reward.codes]
    referrals = findings.program.referrals
    if referrals is not None:
        _check_alphabet(findings, "referrals.codes", referrals.codes.alphabet)
        if referrals.codes.pattern is not None:
            _check_pattern(findings, "referrals.codes", referrals.codes, referrals.codes.pattern)
    for path, reward in [*rewards_of(findings.program), *_of_challenges(findings.program)]:
        codes = reward.codes
        if codes is None:
            continue
        here = f"{path}.codes"
        findings.span(f"{here}.valid_for", codes.valid_for)
        _check_alphabet(findings, here, codes.alphabet)
        if codes.shared is not None:
            _check_shared(findings, here, codes)
            owner = owners.setdefault(shared_form(codes.shared), reward.id)
            if owner != reward.id:
                words = f'"{codes.shared}" is read as the code of reward {owner}: one code, one reward'
                findings.add(f"{here}.shared", "duplicate", words)
            for words in _drawn_as(codes.shared, pools):
                findings.add(f"{here}.shared", "duplicate", words)
        if codes.pattern is not None:
            _check_pattern(findings, here, codes, codes.pattern)
        if _must_be_strong(path, reward, codes) and (weakness := _weakness(codes)) is not None:
            findings.add(f"{here}.pattern" if codes.pattern else here, "weak_codes", weakness)


def _may_be_drawn(codes: Codes) -> bool:
    """Whether a pattern draws these codes that has so few of them that one may be met by chance."""
    drawn = codes.pattern is not None and RANDOM in codes.pattern
    return drawn and pattern_of(codes).bits < NEEDED_BITS


def _drawn_as(shared: str, pools: Iterable[tuple[str, Codes]]) -> Iterable[str]:
    """Say whose codes may be drawn as this code for everybody."""
    for owner, codes in pools:
        if _may_be_drawn(codes) and pattern_of(codes).may_be(shared):
            yield f'"{shared}" may be drawn as a code of reward {owner} by {codes.pattern}: they are one'


def weak_codes(program: Program) -> Iterable[Flaw]:
    """Yield the codes of challenges that are easier to guess than what they carry is worth.

    Programs were published with such codes, and can be again; the codes of rewards and of gift cards are
    refused by :func:`check_codes`.
    """
    for path, reward in _of_challenges(program):
        codes = reward.codes
        if codes is None or not _guards_money(reward, codes) or _must_be_strong(path, reward, codes):
            continue
        words = _weakness(codes)
        if words is not None:
            yield Flaw(f"{path}.codes.pattern" if codes.pattern else f"{path}.codes", "weak_codes", words)


def _of_challenges(program: Program) -> list[tuple[str, Reward]]:
    found = [(f"challenges[{index}]", each.reward()) for index, each in enumerate(program.challenges)]
    return [(path, reward) for path, reward in found if reward is not None]


def _must_be_strong(path: str, reward: Reward, codes: Codes) -> bool:
    """Whether weak codes are refused, and not only warned of."""
    carries_cards = any(benefit.card_value() for benefit in reward.gives)
    return _guards_money(reward, codes) and (not path.startswith("challenges") or carries_cards)


def _check_shared(findings: Findings, path: str, codes: Codes) -> None:
    assert codes.shared is not None, "asked for a shared code only"
    _check_text(findings, f"{path}.shared", codes.shared)
    if not plain_form(codes.shared):
        findings.add(
            f"{path}.shared", "empty_code", "a code has letters or digits, not only spaces and dashes"
        )
    for name, given in (("pattern", codes.pattern), ("valid_for", codes.valid_for)):
        if given is not None:
            words = f"a code for everybody is not issued one by one: give shared or {name}, not both"
            findings.add(f"{path}.{name}", "shared_or_own", words)
    if codes.bound:
        findings.add(f"{path}.bound", "shared_or_own", "a code for everybody cannot be one member's alone")


def _check_alphabet(findings: Findings, path: str, alphabet: str) -> None:
    seen: dict[str, str] = {}
    for letter in alphabet:
        form = plain_form(letter)
        if len(form) != 1 or letter == RANDOM or unicodedata.category(letter)[0] == "C":
            findings.add(f"{path}.alphabet", "bad_letter", f"{letter!r} cannot be a letter of a code")
        elif form in seen:
            words = f'"{seen[form]}" and "{letter}" are read as the same letter; upper and lower case are one'
            findings.add(f"{path}.alphabet", "duplicate_letter", words)
        seen.setdefault(form, letter)


def _check_pattern(findings: Findings, path: str, codes: Codes, pattern: str) -> None:
    _check_text(findings, f"{path}.pattern", pattern)
    if RANDOM not in pattern:
        words = (
            f"a pattern has a {RANDOM} for every random character; a code for everybody is given as shared"
        )
        findings.add(f"{path}.pattern", "no_random_character", words)
    if len(pattern) + codes.check > MAX_LENGTH:
        words = f"a code has at most {MAX_LENGTH} characters, the check character included"
        findings.add(f"{path}.pattern", "too_long", words)


def _check_text(findings: Findings, path: str, text: str) -> None:
    bad = next((each for each in text if not each.isprintable()), None)
    if bad is not None:
        findings.add(path, "bad_letter", f"a code cannot hold the character U+{ord(bad):04X}")


def _guards_money(reward: Reward, codes: Codes) -> bool:
    """Whether whoever guesses one of the codes gets money: they are made by us, and anybody may use them.

    Imported codes are looked at when they are imported.
    """
    made = codes.pattern is not None or (codes.shared is None and reward.has_price)
    return made and not codes.bound and reward.claim_value() > 0


def _weakness(codes: Codes) -> str | None:
    """Say what the codes lack to be hard to guess; None: nothing."""
    pattern = pattern_of(codes)
    missing = pattern.missing_for(NEEDED_BITS)
    if not missing:
        return None
    return (
        f"whoever guesses a code gets money, and {pattern.random_characters} random characters of "
        f"{len(codes.alphabet)} are {pattern.bits} bits: add {missing} more {RANDOM} to have "
        f"{NEEDED_BITS}, or bind the codes to members (bound: true)"
    )


def shared_code_conflicts(program: Program, others: Mapping[str, Program]) -> Iterable[Problem]:
    """Return where a code for everybody is, or may be drawn as, one of another program of the workspace."""
    theirs = [
        (f"{reward.id} of program {code}", reward.codes)
        for code, other in others.items()
        for _, reward in rewards_of(other)
        if reward.codes is not None
    ]
    taken = {shared_form(codes.shared): owner for owner, codes in theirs if codes.shared is not None}
    for path, reward in rewards_of(program):
        codes = reward.codes
        if codes is None:
            continue
        if codes.shared is not None:
            owner = taken.get(shared_form(codes.shared))
            if owner is not None:
                words = f'"{codes.shared}" is read as the code of reward {owner}: one code, one reward'
                yield Problem(f"{path}.codes.shared", "duplicate", words)
            for words in _drawn_as(codes.shared, theirs):
                yield Problem(f"{path}.codes.shared", "duplicate", words)
        for owner, other_codes in theirs:
            for words in _drawn_as(other_codes.shared or "", [(reward.id, codes)]):
                yield Problem(f"{path}.codes.pattern", "duplicate", f"{words}; it is that of reward {owner}")
