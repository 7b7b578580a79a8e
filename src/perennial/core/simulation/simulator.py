"""Lives played again under several sides, and compared: life by life, or together in the order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from uuid import UUID

from perennial.core.simulation.past import Life
from perennial.core.simulation.playing import Playing
from perennial.core.simulation.side import Side
from perennial.core.simulation.tally import Mover, Tally, empty_tally, merge_side, note_change
from perennial.core.version import Version
from perennial.units import Instant, Points


class Simulator:
    """Plays lives from ``begins`` to ``until`` under each of ``sides``, which are lists of versions.

    All sides share the versions from before ``begins``. ``tally`` holds what lives came to that use no
    budget, ``budgeted`` what those came to that do, whose owners are in ``owners``.
    """

    def __init__(self, sides: Sequence[Sequence[Version]], begins: Instant, until: Instant) -> None:
        self.begins = begins
        self.until = until
        self.versions = [list(versions) for versions in sides]
        self._every = [version for versions in self.versions for version in versions]
        self.sides = [Side(versions, begins, self._every) for versions in self.versions]
        finest = finest_decimals(self._every)
        wallets = [wallet for version in self._every for wallet in version.wallets]
        self._factors = {wallet.unit: 10 ** (finest - wallet.spec.decimals) for wallet in wallets}
        self.clear()

    def clear(self) -> None:
        """Begin to add up anew."""
        self.tally = empty_tally(len(self.sides))
        self.budgeted = empty_tally(len(self.sides))
        self.owners: list[UUID] = []
        for side in self.sides:
            side.used = {}

    def play(self, life: Life) -> list[Playing]:
        """Play one life under every side, without caps on budgets, and add it up."""
        for side in self.sides:
            side.touched = False
            side.latest = side.versions[0]
        first = Playing(self.sides[0], life)
        place = 0
        past = life.past
        while place < len(past) and past[place][2].at < self.begins:
            _, who, what = past[place]
            first.take(who, what)
            place += 1
        _up_to(first, self.begins)
        played = [first]
        for side in self.sides[1:]:
            side.latest = self.sides[0].latest
            played.append(first.fork(side))
        for playing in played:
            for _, who, what in past[place:]:
                playing.take(who, what)
            playing.finish(self.until)
        touched = any(side.touched for side in self.sides)
        if touched:
            self.owners.append(life.owner)
        self._add(self.budgeted if touched else self.tally, life, played)
        return played

    def play_together(self, lives: Sequence[Life]) -> list[list[Playing]]:
        """Play lives in the order of time with the caps of budgets; they go into ``budgeted``."""
        self.sides = [Side(versions, self.begins, self._every, caps=True) for versions in self.versions]
        self.budgeted = empty_tally(len(self.sides))
        played = [_play_in_order(side, lives, self.until) for side in self.sides]
        by_life = [list(of_life) for of_life in zip(*played, strict=True)]
        for life, of_life in zip(lives, by_life, strict=True):
            self._add(self.budgeted, life, of_life)
        return by_life

    def _sum(self, earned: dict[int, Points]) -> Points:
        """Return what was earned in all wallets: half a euro and three stars are 3.5."""
        return sum(points * self._factors.get(unit, 1) for unit, points in earned.items())

    def _add(self, tally: Tally, life: Life, played: Sequence[Playing]) -> None:
        tally.customers += len(life.people)
        for side, playing in zip(tally.sides, played, strict=True):
            merge_side(side, playing.tally)
        points = tuple(self._sum(playing.earned) for playing in played)
        tiers = tuple(playing.tier for playing in played)
        if any(playing.tally.members for playing in played):
            mover = Mover(points[-1] - points[0], life.people[0].name, points, tiers)
            segments = {segment for person in life.people for segment in person.segments}
            groups = [f"tier/{tiers[0] or ''}", *(f"segment/{segment}" for segment in sorted(segments))]
            note_change(tally, mover, groups)


def finest_decimals(versions: Iterable[Version]) -> int:
    """Return the decimals in which points of all wallets of these versions can be added up."""
    return max((wallet.spec.decimals for version in versions for wallet in version.wallets), default=0)


def _up_to(playing: Playing, begins: Instant) -> None:
    """Pass the stages that all sides share: those before ``begins``, and the mark of ``begins`` itself."""
    stages = playing.side.stages
    while playing.stage < len(stages) and stages[playing.stage].at <= begins:
        if stages[playing.stage].at == begins and stages[playing.stage].version is not None:
            break
        playing.cross()


def _play_in_order(side: Side, lives: Iterable[Life], until: Instant) -> list[Playing]:
    """Play lives under one side as time went by for all of them."""
    played = [Playing(side, life) for life in lives]
    queue = sorted(
        ((when, number, who, past) for number, life in enumerate(lives) for when, who, past in life.past),
        key=lambda item: item[:2],
    )
    dues: list[tuple[Instant, int]] = []
    clock: Instant | None = None
    stages = iter([*side.stages, None])
    stage = next(stages)

    def wait(until: Instant) -> None:
        """Run what is due for anybody up to ``until``, in the order in which it is due."""
        while dues and dues[0][0] <= until:
            due_at, number = heapq.heappop(dues)
            if played[number].next_due() is not None and (played[number].next_due() or 0) <= due_at:
                played[number].run_due(due_at)
            arm(number)

    def arm(number: int) -> None:
        due_at = played[number].next_due()
        if due_at is not None:
            heapq.heappush(dues, (due_at, number))

    def go_to(at: Instant) -> None:
        nonlocal stage
        while stage is not None and stage.at <= at:
            wait(stage.at - 1)
            for number, playing in enumerate(played):
                playing.cross()
                arm(number)
            stage = next(stages)
        wait(at)

    for _, number, who, past in queue:
        if clock is None or past.at > clock:
            clock = past.at
            go_to(clock)
        played[number].take(who, past)
        arm(number)
    go_to(until)
    for playing in played:
        playing.finish(until)
    return played
