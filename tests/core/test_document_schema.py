"""The JSON Schema of documents agrees with the reader; every kind of a family is complete."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from perennial.core import earning, rewards
from perennial.core.document.document import plain_program, read_program
from perennial.core.document.program import Program
from perennial.core.document_schema import kind_schemas, program_schema, schema_text
from perennial.core.problems import Problem
from perennial.core.validation.validation import validate

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
KINDS = [
    *(("earning_rules", tag, kind) for tag, kind in earning.KINDS.items()),
    *(("rewards", tag, kind) for tag, kind in rewards.KINDS.items()),
]

validator = jsonschema_rs.Draft202012Validator(program_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_valid_by_the_schema(path: Path) -> None:
    """What the reader takes, the schema takes."""
    program = read_program(path.read_bytes())
    assert isinstance(program, Program)
    assert validator.is_valid(plain_program(program))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["wallets", 0, "decimals"], 7),
        (["earning_rules", 0, "points"], "1"),
        (["earning_rules", 0, "type"], "per_amout"),
        (["earning_rules", 4, "when"], {"fact": "order.total"}),
        (["tiers", "lasts"], "forever"),
        (["surprise"], 1),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(path: list[str | int], value: object) -> None:
    """Wrong types, ranges, kinds, conditions, options and unknown fields are refused by both."""
    program = read_program((ROOT / "examples/points.yaml").read_bytes())
    assert isinstance(program, Program)
    plain = json.loads(json.dumps(plain_program(program)))
    container = plain
    for step in path[:-1]:
        container = container[step]
    container[path[-1]] = value
    assert not validator.is_valid(plain)
    assert isinstance(read_program(json.dumps(plain)), list)


def test_the_checked_in_schema_is_current() -> None:
    """``make generate`` was run after the last change of the types."""
    assert (ROOT / "docs/reference/program.schema.json").read_text() == schema_text()


@pytest.mark.parametrize(
    ("family", "tag", "kind"), KINDS, ids=lambda part: part if isinstance(part, str) else ""
)
def test_every_kind_has_words_an_example_and_a_schema(family: str, tag: str, kind: type) -> None:
    """A kind's own file holds all that documentation, forms and documents need; its example is valid."""
    example = yaml.safe_load(vars(kind)["example"])
    assert example["type"] == tag
    assert kind.__doc__
    schema = kind_schemas()[family][tag]
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(example)
    document = {
        "program": "points",
        "name": "Points",
        "wallets": [{"id": "points", "name": "Points"}],
        "declarations": {"events": {"steps.reported": {"attributes": {"steps": {"type": "integer"}}}}},
        family: [example if family == "earning_rules" else {"id": "a", "name": "A", "gives": [example]}],
    }
    program = read_program(json.dumps(document))
    assert isinstance(program, Program), program
    tiers = [problem for problem in validate(program) if problem.code != "unknown_reference"]
    assert tiers == []


def test_every_file_of_a_family_is_found() -> None:
    """Adding a file adds its kind: there are as many kinds as files."""
    for family in (earning, rewards):
        files = [file for file in Path(family.__path__[0]).glob("*.py") if file.stem != "__init__"]
        assert len(family.KINDS) == len(files)


def test_an_unknown_kind_names_the_known_ones() -> None:
    """The reader knows all kinds of a family by their tags."""
    text = "{program: a, name: A, wallets: [], rewards: [{id: a, name: A, gives: [{type: gold}]}]}"
    found = read_program("---\n" + text)
    assert isinstance(found, list)
    words = f'there is no kind "gold"; known: {", ".join(rewards.KINDS)}'
    assert Problem("rewards[0].gives[0].type", "unknown_value", words) in found


def test_every_amount_of_money_is_marked() -> None:
    """Forms draw what is marked as money, so a number in minor units must be marked, and no other one."""
    marked = set()
    for name, kind in program_schema()["$defs"].items():
        for field, schema in kind.get("properties", {}).items():
            words = json.dumps(schema)
            if '"x-money": true' in words:
                marked.add(f"{name}.{field}")
            elif '"x-money-if"' in words:
                marked.add(f"{name}.{field}?")
    assert marked == {
        "AmountOff.most",
        "AmountOff.value",
        "InPart.amount",
        "Bundle.amount",
        "Bundle.price",
        "BuyXGetY.unit_price",
        "CashPayout.value",
        "Cashback.value",
        "Conversion.min_order",
        "FixedPrice.price",
        "FreeProduct.unit_price",
        "FreeShipping.most",
        "GiftCard.extra",
        "GiftCard.value",
        "Goal.target?",
        "Limit.discount",
        "Limit.order_value",
        "PerAmount.per",
        "PercentByTotal.most",
        "PercentOff.most",
        "PointsPayment.amount",
        "SharedLimit.discount",
        "SharedLimit.order_value",
        "Tier.keep?",
        "Tier.reach?",
        "Upgrade.unit_price",
        "_Step.at_least?",
    }


def test_every_number_of_points_is_marked() -> None:
    """Forms show points with the decimals of their wallet: in every rule, price, limit and payment."""
    marked = {
        f"{name}.{field}"
        for name, kind in program_schema()["$defs"].items()
        for field, schema in kind.get("properties", {}).items()
        if '"x-points": true' in json.dumps(schema)
    }
    rules = {
        f"{name}.{field}"
        for name in ("Fixed", "PerAmount", "PerItem", "PerValue")
        for field in ("points", "tiers")
    }
    assert marked == rules | {
        "InPart.least",
        "InPart.points",
        "Limit.points",
        "PointsGiven.points",
        "PointsPayment.least",
        "PointsPayment.most_points",
        "PointsPayment.points",
        "Price.points",
        "Reward.price",
        "SharedLimit.points",
    }
