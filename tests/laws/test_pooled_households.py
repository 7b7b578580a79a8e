"""``pool: all`` beside the naive reference model: three who live together are one customer of the model.

The model knows no households. To it, everything that any of them does is done by one and the same customer.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from perennial.core import course
from perennial.core.member import Household, Member
from tests.laws.reference_time import Document
from tests.laws.test_model import COMMANDS, CUSTOMERS, PAUSES, SECOND, SLOW, Pair, programs

HOME = "home"
ALONE = st.lists(st.tuples(COMMANDS, st.sampled_from(PAUSES)), min_size=1, max_size=25)


def shared(document: Document) -> Document:
    """Return a program that pools all; what it gives for joining it would give to each of the three."""
    rules = [rule for rule in document["earning_rules"] if rule.get("trigger") != "member.joined"]
    return {**document, "earning_rules": rules, "pool": "all"}


class PairAtHome(Pair):
    """Three people of the core in one household, and one customer of the model."""

    def __init__(self, document: Document) -> None:
        super().__init__(shared(document))
        home = Household(UUID(int=1), HOME)
        home.people = [self.core.member(name) for name in CUSTOMERS]
        wallets = home.people[0].wallets
        for each in home.people:
            each.owner, each.wallets, each.household = home.household_id, wallets, home
        for name in CUSTOMERS:
            self.core.join(name, self.at)
        self.model.enter(HOME, self.at, joins=True)

    def play(self, command: tuple[Any, ...], pause: int) -> None:
        """Let time run for all of them in its order, as a worker does, before one of them does something."""
        then = self.at + pause * SECOND
        while True:
            dues = [
                (each.due_at, name) for name, each in self.core.members.items() if each.due_at is not None
            ]
            due_at, name = min(dues, default=(then + 1, ""))
            if due_at > then:
                break
            self.core.run_timers(name, due_at)
        super().play(command, pause)

    def ask_model(self, command: tuple[Any, ...]) -> None:
        """Let the one customer do it."""
        super().ask_model(tuple(HOME if part in CUSTOMERS else part for part in command))

    def compare(self, who: str) -> None:
        """Compare each of the three with the one."""
        members = self.model.customers
        for name in CUSTOMERS:
            # Under the name of each of them, the model has its one customer.
            self.model.customers = members | {name: members[who]}
            super().compare(name)
        self.model.customers = members


def play_at_home(document: Document, commands: list[tuple[tuple[Any, ...], int]]) -> None:
    """Play the commands, but for transfers, which nobody makes to themselves; raises where they differ."""
    pair = PairAtHome(document)
    note(f"{document}")
    for command, pause in commands:
        if command[0] != "transfer" and pair.possible(command):
            pair.play(command, pause)


@settings(max_examples=200, deadline=None, suppress_health_check=SLOW)
@given(programs(), ALONE)
def test_people_of_a_household_are_like_one_customer(
    document: Document, commands: list[tuple[tuple[Any, ...], int]]
) -> None:
    """Points, lots and tiers are those of one customer who does everything that any of them does."""
    play_at_home(document, commands)


PLANTED = {
    "the sums": (Member, "others", property(lambda _: ())),
    "the tiers of the others": (course, "moves_of_others", lambda *_: []),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_error_is_found(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison can fail: what counts for one of them alone is noticed."""
    monkeypatch.setattr(*PLANTED[planted])
    search = settings(
        max_examples=10_000,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=SLOW,
        report_multiple_bugs=False,
    )
    with pytest.raises(AssertionError):
        search(given(programs(), ALONE)(play_at_home))()
