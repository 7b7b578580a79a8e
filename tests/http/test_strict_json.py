"""Strict JSON: what is taken comes out exact, what is refused says where."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.flows.problems import ProblemError
from perennial.http.door.strict_json import Reader, convert, read_tree
from perennial.http.requests import OrderBody

ORDER = {
    "customer": "anna",
    "status": "paid",
    "lines": [{"sku": "a", "amount": 100, "attributes": {"roast": "dark"}}, {"sku": "b", "amount": -5}],
}


def refused(body: bytes, reader: Reader[Any] | None = None) -> tuple[int, list[tuple[str, str]]]:
    """Return the status, and the path and code of each problem."""
    with pytest.raises(ProblemError) as caught:
        (reader or Reader(OrderBody)).read(body)
    found = caught.value.problem
    return found.status, [(each.path, each.code) for each in found.errors]


def test_a_body_comes_out_as_its_type() -> None:
    """Every field of an order is read, defaults included."""
    order = Reader(OrderBody).read(json.dumps(ORDER).encode())
    assert (order.customer, order.status, order.lines[0].amount, order.lines[1].amount) == (
        "anna",
        "paid",
        100,
        -5,
    )
    assert order.lines[0].attributes == {"roast": "dark"}
    assert order.lines[1].quantity == 1


@pytest.mark.parametrize(
    ("text", "status", "path", "code"),
    [
        ("", 400, "$", "malformed_json"),
        ("{", 400, "$", "malformed_json"),
        ('{"status": "paid",}', 400, "$", "malformed_json"),
        ('{"status": "paid", "lines": []} x', 400, "$", "malformed_json"),
        ('\ufeff{"status": "paid", "lines": []}', 400, "$", "byte_order_mark"),
        ("[]", 422, "$", "wrong_type"),
        ('{"lines": []}', 422, "$.status", "required"),
        ('{"status": "paid", "lines": [], "zzz": 1}', 422, "$.zzz", "unknown_field"),
        ('{"status": "paid", "lines": [], "a b": 1}', 422, '$["a b"]', "unknown_field"),
        ('{"status": "paid", "lines": [{"sku": "a"}]}', 422, "$.lines[0].amount", "required"),
        ('{"status": "lost", "lines": []}', 422, "$.status", "not_allowed"),
        ('{"status": "paid", "lines": [], "currency": "usd"}', 422, "$.currency", "invalid_format"),
        ('{"status": "paid", "lines": [], "tax": -1}', 422, "$.tax", "out_of_range"),
        ('{"status": "paid", "lines": [], "tax": NaN}', 400, "$.tax", "not_a_number"),
        ('{"status": "paid", "lines": [], "tax": 1.0}', 400, "$.tax", "not_an_integer"),
        ('{"status": "paid", "lines": [], "tax": 1e2}', 400, "$.tax", "not_an_integer"),
        (
            '{"status": "paid", "lines": [], "tax": 10000000000000000000}',
            400,
            "$.tax",
            "number_too_long",
        ),
        ('{"status": "paid", "lines": [], "codes": [""]}', 422, "$.codes[0]", "too_short"),
        (
            '{"status": "paid", "lines": [], "attributes": {"a": 1, "b c": {}}}',
            422,
            '$.attributes["b c"]',
            "wrong_type",
        ),
        (
            '{"status": "paid", "lines": [{"sku": "a", "amount": 1, "attributes": {"x": 1, "y": []}}]}',
            422,
            "$.lines[0].attributes.y",
            "wrong_type",
        ),
    ],
)
def test_a_refusal_says_where_and_why(text: str, status: int, path: str, code: str) -> None:
    """Each kind of mistake has its path and its stable code."""
    assert refused(text.encode()) == (status, [(path, code)])


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"status": "paid", "lines": [], "status": "paid"}', "$.status"),
        ('{"status": "paid", "lines": [], "st\\u0061tus": "paid"}', "$.status"),
        ('{"status": "paid", "lines": [{"sku": "a", "amount": 1, "amount": 1000}]}', "$.lines[0].amount"),
        ('{"status": "paid", "lines": [], "attributes": {"": 1, "": 2}}', '$.attributes[""]'),
        (
            '{"status": "paid", "lines": [], "attributes": {"\u00e9": 1, "e\u0301": 2}}',
            '$.attributes["\\u00e9"]',
        ),
    ],
)
def test_a_duplicate_key_is_refused_where_it_is(text: str, path: str) -> None:
    """Also when the two are written in different ways: escaped, or composed differently."""
    status, problems = refused(text.encode())
    assert status == 400
    assert [code for _, code in problems] == ["duplicate_key"]
    assert problems[0][0] in {path, path.replace("\\u00e9", "e\\u0301")}


def test_a_value_that_looks_like_a_key_is_none() -> None:
    """Quotes, colons and braces inside of text confuse nobody."""
    tricky = {"note": '":"', "b": "a:b", "c": '{"a":1,"a":2}', "d": ":"}
    order = Reader(OrderBody).read(json.dumps({**ORDER, "attributes": tricky}).encode())
    assert order.attributes == tricky


def test_text_is_normalized() -> None:
    """One name has one way of being written: Unicode normal form C."""
    order = Reader(OrderBody).read('{"status": "paid", "lines": [], "customer": "Zoe\u0308"}'.encode())
    assert order.customer == "Zo\u00eb"


def test_prose_may_have_lines_and_directions_but_names_may_not() -> None:
    """A line break is welcome in an attribute and refused in an id."""
    attributes = {"note": "one\ntwo \u2067three\u2069"}
    order = Reader(OrderBody).read(json.dumps({**ORDER, "attributes": attributes}).encode())
    assert order.attributes == attributes
    assert refused(json.dumps({**ORDER, "customer": "one\ntwo"}).encode()) == (
        400,
        [("$.customer", "control_character")],
    )


def test_thirty_two_levels_are_enough() -> None:
    """32 levels are read as a tree, 33 are refused with the path of the first that lies too deep."""
    assert read_tree(b"[" * 32 + b"]" * 32)
    with pytest.raises(ProblemError) as caught:
        read_tree(b"[" * 33 + b"]" * 33)
    assert [(each.path, each.code) for each in caught.value.problem.errors] == [
        ("$" + "[0]" * 32, "too_deep")
    ]


def test_what_is_too_deep_for_the_parser_has_a_path_too() -> None:
    """100,000 levels cost no stack and no second."""
    body = b'{"a": [1, {"b": "[", "c": ' + b"[" * 100_000
    with pytest.raises(ProblemError) as caught:
        read_tree(body)
    assert caught.value.problem.errors[0].path == "$.a[1].c" + "[0]" * 29


def test_at_most_1000_elements() -> None:
    """The array is named, not its thousand elements."""
    assert len(read_tree(json.dumps([1] * 1_000).encode())) == 1_000  # type: ignore[arg-type]
    lines = [{"sku": "a", "amount": 1}] * 1_001
    status, problems = refused(json.dumps({"status": "paid", "lines": lines}).encode())
    assert (status, problems) == (400, [("$.lines", "too_many_elements")])


_texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
_trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)


def outcome(read: Callable[[], Any]) -> Any:
    """Return what a way of reading gives: a value, or the problem."""
    try:
        return read()
    except ProblemError as error:
        return error.problem


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), _trees, max_size=5), st.booleans())
def test_both_ways_of_reading_agree(tree: dict[str, Any], ascii_only: bool) -> None:
    """The fast way and the exact way give the same value, or refuse both."""
    reader = Reader(dict[str, Any])
    body = json.dumps(tree, ensure_ascii=ascii_only).encode()
    assert outcome(lambda: reader.read(body)) == outcome(lambda: convert(read_tree(body), dict))


@given(st.data(), _trees)
def test_no_duplicate_key_gets_through(data: st.DataObject, tree: Any) -> None:
    """Whatever the document, a key that is given twice is found."""
    key = data.draw(st.text('ab"\\:{,', max_size=3))
    value = json.dumps(data.draw(_trees))
    again = data.draw(st.sampled_from([value, json.dumps(tree)]))
    body = f'{{"x": {json.dumps(tree)}, {json.dumps(key)}: {value} , "y":":", {json.dumps(key)}:{again}}}'
    with pytest.raises(ProblemError) as caught:
        Reader(dict[str, msgspec.Raw | Any]).read(body.encode())
    assert "duplicate_key" in {each.code for each in caught.value.problem.errors} | {
        caught.value.problem.code
    }
