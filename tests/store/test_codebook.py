"""Codes under the installation's secret: found, sealed, and of no use to whoever lacks it."""

from __future__ import annotations

import pytest

from perennial.core.codes.codes import Codes, pattern_of
from perennial.store.codes.codebook import Codebook, SealedError, first_found
from tests.codebook import CODEBOOK, SECRET

_POOL = Codes(pattern="SUMMER-############")
_OTHER = Codebook(bytes(32))


def test_what_is_sealed_is_opened_by_its_secret_alone() -> None:
    """The same workspace and secret read it; another secret, another workspace and a changed byte do not."""
    sealed = CODEBOOK.seal(1, "SUMMER-7KQW")
    assert CODEBOOK.open(1, sealed) == Codebook(SECRET).open(1, sealed) == "SUMMER-7KQW"
    for book, workspace, body in (
        (_OTHER, 1, sealed),
        (CODEBOOK, 2, sealed),
        (CODEBOOK, 1, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (CODEBOOK, 1, sealed[:11]),
        (CODEBOOK, 1, b""),
    ):
        with pytest.raises(SealedError):
            book.open(workspace, body)


def test_nothing_is_sealed_twice_alike() -> None:
    """Of 20,000 seals of one text no two share a nonce, drawn one by one or many at once."""
    sealed = [CODEBOOK.seal(1, "SUMMER") for _ in range(10_000)]
    sealed += [code.sealed for code in CODEBOOK.draw_many(1, _POOL, 10_000)]
    assert len({each[:12] for each in sealed}) == 20_000
    assert not any(b"SUMMER" in each for each in sealed)


def test_hashes_differ_by_workspace_and_secret() -> None:
    """Nobody finds a code of one workspace in another, or tries codes out without the secret."""
    hashes = {book.hash_of(workspace, "SUMMER") for book in (CODEBOOK, _OTHER) for workspace in (1, 2)}
    assert len(hashes) == 4
    assert CODEBOOK.hash_of(1, "SUMMER") == Codebook(SECRET).hash_of(1, "SUMMER")


def test_what_is_drawn_is_found_however_it_is_entered() -> None:
    """Codes drawn one by one and many at once have the hash that looking them up asks for."""
    drawn = [CODEBOOK.draw(1, _POOL), *CODEBOOK.draw_many(1, _POOL, 200)]
    assert len({code.text for code in drawn}) == 201
    for code in drawn:
        assert code.code_hash in CODEBOOK.hashes_of(1, code.text.lower().replace("-", " "))
        assert CODEBOOK.open(1, code.sealed) == code.text
        assert CODEBOOK.issue(1, _POOL, code.text).code_hash == code.code_hash
        assert not pattern_of(_POOL).is_mistyped(code.text)
        assert code.last4 == code.text[-4:]


def test_the_likeliest_key_comes_first() -> None:
    """A command is stored with the key that a lookup asks for first, so that a repetition is the same."""
    for entered in ("SUMMER-7KQW", "b055 o0il", "8B 5S 1IL", "sommer-ß", "x"):
        assert CODEBOOK.hashes_of(1, entered)[0] == CODEBOOK.likeliest_hash_of(1, entered)


def test_every_letter_is_drawn_about_as_often() -> None:
    """Of 6,200 codes of one random letter out of 31 each letter has about 200: no letter is favored."""
    pool = Codes(pattern="#", check=False)
    counts: dict[str, int] = {}
    for _ in range(6_200):
        [code] = CODEBOOK.draw_many(1, pool, 1)
        counts[code.text] = counts.get(code.text, 0) + 1
    assert len(counts) == 31
    assert min(counts.values()) > 130
    assert max(counts.values()) < 280


def test_a_code_that_is_drawn_twice_is_there_once() -> None:
    """A pattern of two codes gives two at most."""
    assert len(CODEBOOK.draw_many(1, Codes(pattern="#", alphabet="AB", check=False), 100)) == 2


def test_the_likeliest_code_is_taken() -> None:
    """Where what was entered may be two codes, the one as it was entered comes first."""
    exact, folded = CODEBOOK.hashes_of(1, "AB")
    places = {exact: (1, exact, exact), folded: (1, folded, folded)}
    assert first_found((exact, folded), places) == (1, exact, exact)
    assert first_found((exact, folded), {folded: places[folded]}) == (1, folded, folded)
    assert first_found((exact,), {}) is None


def test_a_secret_is_long_and_is_not_shown() -> None:
    """31 bytes are refused; neither a codebook nor its fingerprint shows the secret."""
    with pytest.raises(ValueError, match="31 bytes"):
        Codebook(bytes(31))
    assert SECRET.hex() not in repr(CODEBOOK) + repr(vars(CODEBOOK)) + CODEBOOK.fingerprint.hex()
    assert CODEBOOK.fingerprint != _OTHER.fingerprint
