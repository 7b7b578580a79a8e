"""Settings of stacking that contradict each other are told before a program is published."""

from __future__ import annotations

from typing import Any

import pytest

from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.validation.validation import validate

Plain = dict[str, Any]


def problems(stacking: Plain, **reward: Any) -> list[tuple[str, str, str]]:
    """Return path, code and words of what is wrong with a program of one reward."""
    gives = [{"type": "free_shipping"}]
    program = program_of(
        {
            "program": "shop",
            "name": "Shop",
            "wallets": [{"id": "points", "name": "Points"}],
            "stacking": stacking,
            "rewards": [{"id": "r", "name": "R", "automatic": True, "gives": gives, **reward}],
        }
    )
    assert isinstance(program, Program), program
    return [(problem.path, problem.code, problem.words) for problem in validate(program)]


@pytest.mark.parametrize(
    ("stacking", "path", "code"),
    [
        ({"at_most": 2, "exclusive_at_most": 3}, "exclusive_at_most", "beyond_limit"),
        ({"most_off": "0"}, "most_off", "nothing_off"),
        ({"at_most": 2, "categories": [{"id": "a", "at_most": 3}]}, "categories[0].at_most", "beyond_limit"),
        (
            {"categories": [{"id": "a", "combines": "exclusive", "at_most": 2}]},
            "categories[0].at_most",
            "beyond_limit",
        ),
        (
            {"categories": [{"id": "a", "best_of": True, "at_most": 2}]},
            "categories[0].at_most",
            "contradiction",
        ),
        (
            {"categories": [{"id": "a", "best_of": True, "combines": "joint"}]},
            "categories[0].best_of",
            "contradiction",
        ),
        ({"categories": [{"id": "a"}, {"id": "a"}]}, "categories[1].id", "duplicate_id"),
    ],
)
def test_contradictions_are_told(stacking: Plain, path: str, code: str) -> None:
    """Each contradiction is one problem at the field that is to be changed, with words."""
    ((found_path, found_code, words),) = problems(stacking)
    assert (found_path, found_code) == (f"stacking.{path}", code)
    assert words


def test_a_reward_does_not_contradict_its_category() -> None:
    """A reward of an exclusive category is not joint; of a common category it may be either."""
    alone = {"categories": [{"id": "a", "combines": "exclusive"}]}
    assert problems(alone, category="a", combines="joint") == [
        ("rewards[0].combines", "contradiction", "category a is exclusive, so the reward is not joint")
    ]
    assert problems(alone, category="a", combines="exclusive") == []
    assert problems({"categories": [{"id": "a"}]}, category="a", combines="joint") == []
    best = {"categories": [{"id": "a", "best_of": True}]}
    assert [code for _, code, _ in problems(best, category="a", combines="joint")] == ["contradiction"]


def test_settings_that_go_together_are_fine() -> None:
    """The largest settings that do not contradict each other can be published."""
    exclusive = {"id": "a", "combines": "exclusive", "at_most": 5}
    stacking = {"at_most": 5, "exclusive_at_most": 5, "most_off": "50", "categories": [exclusive]}
    assert problems(stacking) == []
