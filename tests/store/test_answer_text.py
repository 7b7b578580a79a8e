"""Stored answers read back byte for byte, whatever they say."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.store.answer_text import PHRASES, restore_answer, shorten_answer

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_awkward = st.lists(st.sampled_from([*PHRASES, b'"', b":", b"00:00Z", b"\x7f", b" ", "é".encode()])).map(
    b"".join
)


@given(_json)
def test_any_json_comes_back(value: object) -> None:
    """Control characters in text are escaped in JSON, so no answer can be taken for a phrase."""
    answer = msgspec.json.encode(value)
    assert restore_answer(shorten_answer(answer)) == answer


@given(_awkward)
def test_phrases_in_any_place_come_back(answer: bytes) -> None:
    """Phrases side by side, overlapping or cut come back too."""
    assert restore_answer(shorten_answer(answer)) == answer


def test_an_order_s_answer_takes_a_third() -> None:
    """The answer to an order with two awards takes less than a third of its bytes."""
    answer = (
        b'{"id":"run-90","customer":"c8311","status":"paid","revision":1,"programs":[{"program":"bench",'
        b'"version":1,"points":{"points":115},"awards":[{"rule":"rule-0","wallet":"points","points":110,'
        b'"available_at":"2026-12-07T23:00:00Z","expires_at":"2027-06-08T22:00:00Z"},{"rule":"rule-3",'
        b'"wallet":"points","points":5,"available_at":"2026-12-07T23:00:00Z","expires_at":'
        b'"2027-06-08T22:00:00Z"}],"tier":"bronze"}],"balances":[{"program":"bench","wallet":"points",'
        b'"available":0,"pending":115}]}'
    )
    stored = shorten_answer(answer)
    assert restore_answer(stored) == answer
    assert len(stored) * 3 < len(answer)


@given(st.lists(_json, min_size=1, max_size=3), st.integers(0, 60))
def test_long_answers_come_back(values: list[object], more: int) -> None:
    """Whatever its length says about how it is stored, an answer comes back."""
    answer = msgspec.json.encode([*values, "x" * (more * 50)])
    assert restore_answer(shorten_answer(answer)) == answer


def test_the_answer_to_a_full_cart_fits_into_its_row() -> None:
    """An answer with ten lines that a dozen rewards make cheaper takes less than a third of its bytes."""
    shares = [{"redeemable": place, "amount": 37 * place + 9} for place in range(12)]
    lines = [
        {"id": str(i), "sku": f"sku-{i}", "quantity": 1, "amount": 5_000 + i, "discounts": shares}
        for i in range(10)
    ]
    answer = msgspec.json.encode({"id": "r-1", "quote": {"lines": lines}})
    stored = shorten_answer(answer)
    assert restore_answer(stored) == answer
    assert len(stored) * 3 < len(answer)


@pytest.mark.parametrize("byte", [b"\x00", b"\x01"])
def test_what_is_no_json_is_refused(byte: bytes) -> None:
    """Bytes that stand for phrases, or for a long answer, may not come in."""
    with pytest.raises(ValueError, match="control characters"):
        shorten_answer(b"{" + byte + b"}")
