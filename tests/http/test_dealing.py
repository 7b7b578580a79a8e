"""Connections are dealt to the worker with the fewest open ones: by real processes, over real sockets."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from perennial.http.door import dealing
from perennial.http.door.dealing import Dealer, Taker
from perennial.main import bind

CONNECTIONS = 64

WORKER = """
import asyncio, os, signal, socket, sys, uvloop
from perennial.http.door.dealing import Taker

class Named(asyncio.Protocol):
    def __init__(self, left):
        self.left = left
    def connection_made(self, transport):
        transport.write(b"%d\\n" % os.getpid())
    def connection_lost(self, exc):
        self.left()

async def main():
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    taker = Taker(socket.socket(fileno=int(sys.argv[1])), Named)
    await stopped.wait()
    await taker.leave()

uvloop.run(main())
"""
"""A worker that says its process id to whoever calls, and nothing else."""


RESTING = """
import resource, socket, sys, time
from perennial.http.door import dealing
from perennial.main import bind

dealing.EXHAUSTED_SECONDS = float(sys.argv[1])
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
with bind("127.0.0.1", 0) as listener:
    dealer = dealing.Dealer(listener)
    worker = dealer.channel()
    worker.send(b"+")
    dealer.deal(1)
    line = socket.create_connection(listener.getsockname())
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    end, rounds = time.monotonic() + 0.5, 0
    while time.monotonic() < end:
        dealer.deal(0.01)
        rounds += 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    dealer.deal(1)
    print(rounds, dealer.hands[0].open)
"""
"""A dealer, in a process of its own, that has no descriptor left for a while."""


class Table:
    """A dealer at work in a thread, and its workers, each a process."""

    def __init__(self, stack: ExitStack) -> None:
        self.listener = stack.enter_context(bind("127.0.0.1", 0))
        self.dealer = Dealer(self.listener)
        self._stack = stack
        self._lines: dict[int, list[socket.socket]] = {}
        stack.callback(self.dealer.close)
        stack.callback(self.hang_up)

    def sit_down(self) -> subprocess.Popen[bytes]:
        """Start a worker; it may take a while until it says that it is ready."""
        with self.dealer.channel() as channel:
            worker = subprocess.Popen(
                [sys.executable, "-c", WORKER, str(channel.fileno())], pass_fds=[channel.fileno()]
            )
        self._stack.callback(worker.wait)
        self._stack.callback(worker.kill)
        return worker

    @contextmanager
    def dealing(self) -> Iterator[None]:
        """Deal as long as this lasts."""
        over = threading.Event()

        def deal() -> None:
            while not over.is_set():
                self.dealer.deal(0.01)

        thread = threading.Thread(target=deal)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def until(self, holds: Callable[[], bool]) -> None:
        """Deal until something holds."""
        for _ in range(6_000):
            if holds():
                return
            self.dealer.deal(0.01)
        raise AssertionError("it does not come to hold")

    def ready(self, count: int) -> bool:
        """Whether so many workers are ready, and no connection is open."""
        hands = self.dealer.hands
        return len(hands) == count and all(each.ready and not each.open for each in hands)

    def call(self, count: int) -> Counter[int]:
        """Open connections and return how many each worker answered, by its process id."""
        return Counter(self.answered_by(line) for line in self.dial(count))

    def dial(self, count: int) -> list[socket.socket]:
        """Open connections, and wait for no answer."""
        return [socket.create_connection(self.listener.getsockname(), timeout=30) for _ in range(count)]

    def answered_by(self, line: socket.socket) -> int:
        """Return the process id of the worker that answers a connection."""
        pid = int(line.recv(100))
        self._lines.setdefault(pid, []).append(line)
        return pid

    def hang_up(self, pid: int | None = None) -> None:
        """Close the connections to one worker, or all."""
        for each in list(self._lines) if pid is None else [pid]:
            for line in self._lines.pop(each):
                line.close()

    def open_connections(self) -> list[int]:
        """Return how many connections the dealer thinks that its workers have, least first."""
        return sorted(hand.open for hand in self.dealer.hands)


@pytest.fixture
def table() -> Iterator[Table]:
    """A dealer without workers yet."""
    with ExitStack() as stack:
        yield Table(stack)


def descriptors(pid: int) -> int:
    """Return how many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def table_of(table: Table, count: int) -> list[subprocess.Popen[bytes]]:
    """Let so many workers sit down, and wait until they are ready."""
    workers = [table.sit_down() for _ in range(count)]
    table.until(lambda: table.ready(count))
    return workers


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_connections_are_dealt_evenly(table: Table, count: int) -> None:
    """Of 64 connections no worker has one more than another needs to have."""
    workers = table_of(table, count)
    with table.dealing():
        dealt = table.call(CONNECTIONS)
    assert set(dealt) == {worker.pid for worker in workers}
    assert max(dealt.values()) - min(dealt.values()) <= 1


def called_anew(table: Table) -> list[int]:
    """Open 64 connections to two workers, close those of one, open 32; return how many each has."""
    first, _ = table_of(table, 2)
    with table.dealing():
        dealt = table.call(CONNECTIONS)
        table.hang_up(first.pid)
    table.until(lambda: sum(table.open_connections()) == dealt.total() - dealt[first.pid])
    dealt[first.pid] = 0
    with table.dealing():
        dealt += table.call(CONNECTIONS // 2)
    return sorted(dealt.values())


def test_what_ended_is_not_counted(table: Table) -> None:
    """Whoever lost connections gets the next ones."""
    assert called_anew(table) == [32, 32]


def test_control_by_turns_alone(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dealt by turns, without counting, those who lost connections stay behind."""
    monkeypatch.setattr(dealing.Hand, "rank", lambda hand: hand.turn)
    assert called_anew(table) == [16, 48]


def test_who_calls_again_and_again_meets_everybody(table: Table) -> None:
    """One connection at a time, each closed before the next: the workers take turns."""
    workers = table_of(table, 3)
    met: Counter[int] = Counter()
    for _ in range(9):
        with table.dealing():
            met += table.call(1)
            table.hang_up()
        table.until(lambda: table.ready(3))
    assert met == {worker.pid: 3 for worker in workers}


def test_a_killed_worker_leaves_no_count_behind(table: Table) -> None:
    """The living get what comes; who replaces the dead gets all until it has as many."""
    killed, living = table_of(table, 2)
    with table.dealing():
        table.call(CONNECTIONS)
        killed.kill()
        killed.wait()
        assert table.call(CONNECTIONS) == {living.pid: CONNECTIONS}
    assert table.open_connections() == [32 + CONNECTIONS]
    another = table.sit_down()
    table.until(lambda: len(table.dealer.hands) == 2 and all(each.ready for each in table.dealer.hands))
    with table.dealing():
        assert table.call(CONNECTIONS) == {another.pid: CONNECTIONS}


def test_nobody_is_turned_away_while_no_worker_is_ready(table: Table) -> None:
    """Connections wait until a worker has come, even where the last one was killed."""
    (first,) = table_of(table, 1)
    first.kill()
    table.until(lambda: not table.dealer.hands)
    second = table.sit_down()
    with table.dealing():
        assert table.call(3) == {second.pid: 3}


def test_a_worker_that_sleeps_holds_its_share_alone(table: Table) -> None:
    """Who takes nothing keeps waiting what was dealt to it; the other answers."""
    sleeping, awake = table_of(table, 2)
    os.kill(sleeping.pid, signal.SIGSTOP)
    with table.dealing():
        lines = table.dial(40)
        answered = Counter(table.answered_by(line) for line in lines[1::2])
        os.kill(sleeping.pid, signal.SIGCONT)
        answered += Counter(table.answered_by(line) for line in lines[::2])
    assert answered == {sleeping.pid: 20, awake.pid: 20}


def test_many_that_end_at_once_are_counted(table: Table) -> None:
    """While the dealer is busy, more connections end than the channel has room to tell of: none is lost."""
    (worker,) = table_of(table, 1)
    with table.dealing():
        table.call(400)
    before = descriptors(worker.pid)
    table.hang_up()
    latest = time.monotonic() + 60
    while descriptors(worker.pid) > before - 400:
        assert time.monotonic() < latest, "the worker does not close them"
        time.sleep(0.01)
    assert table.open_connections() == [400]
    table.until(lambda: table.open_connections() == [0])


def rounds_without_descriptors(rest: float) -> int:
    """Return how often a dealer turns in half a second while no connection can be accepted."""
    script = [sys.executable, "-c", RESTING, str(rest)]
    rounds, dealt = subprocess.run(script, check=True, capture_output=True, text=True).stdout.split()
    assert dealt == "1", "the connection is dealt as soon as there is room"
    return int(rounds)


def test_who_has_no_descriptor_left_rests() -> None:
    """The supervisor does not run hot; the control, without a rest, does."""
    assert rounds_without_descriptors(dealing.EXHAUSTED_SECONDS) <= 11
    assert rounds_without_descriptors(0) > 100


async def test_who_leaves_takes_what_was_dealt() -> None:
    """Connections that are in the channel when a worker begins to leave are served before it is gone."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    begun: list[asyncio.BaseTransport] = []

    class Counted(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            begun.append(transport)

    with ours, bind("127.0.0.1", 0) as listener, ExitStack() as lines:
        taker = Taker(theirs, lambda _: Counted())
        for _ in range(3):
            lines.enter_context(socket.create_connection(listener.getsockname()))
            with listener.accept()[0] as accepted:
                socket.send_fds(ours, [b"c"], [accepted.fileno()])
        leaving = asyncio.create_task(taker.leave())
        while await asyncio.get_running_loop().sock_recv(ours, 100):
            pass  # until it says that it wants no more
        ours.close()
        await leaving
        assert len(begun) == 3
        for transport in begun:
            transport.close()
