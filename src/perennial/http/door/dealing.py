"""How connections reach the workers: each is dealt to the worker with the fewest open ones.

The supervisor accepts, and passes the accepted socket on over a channel, one per worker. What comes over
a connection goes straight to its worker. Nothing is counted by two: the supervisor counts what it deals,
the worker says what it left, and the count of a worker that dies goes with its channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import selectors
import socket
import time
from collections.abc import Callable

_CONNECTION = b"c"
"""From the supervisor: a connection, as the descriptor that comes with this byte."""

_READY = b"+"
"""From a worker, once: it takes connections from now on."""

_LEFT = b"-"
"""From a worker: one of its connections has ended."""

PATIENCE_SECONDS = 1.0
"""How long the supervisor waits for room in a channel, and a worker that leaves for its last connections."""


EXHAUSTED_SECONDS = 0.05
"""How long the supervisor rests where the system has no descriptor or memory left for a connection."""

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Hand:
    """What the supervisor knows of one worker."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.ready = False
        self.open = 0
        self.turn = 0  # when it last got one; of equals, who waited longest is next

    def rank(self) -> tuple[int, int]:
        """Return what is least for the worker that gets the next connection."""
        return self.open, self.turn


class Dealer:
    """Deals the connections of one listening socket; runs in the supervisor.

    While no worker is ready, connections wait in the queue of the system.
    """

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self.hands: list[Hand] = []
        self._turns = itertools.count(1)
        self._listening = False

    def channel(self) -> socket.socket:
        """Return the worker's end of a new channel; the caller hands it to the worker, and closes it here."""
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE_SECONDS)
        hand = Hand(ours)
        self.hands.append(hand)
        self._selector.register(ours, selectors.EVENT_READ, hand)
        return theirs

    def deal(self, seconds: float) -> None:
        """Deal what has come; return after that, or after ``seconds`` without anything."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            if key.data is not None:
                self._hear(key.data)
        if any(key.data is None for key, _ in ready) and self._listening:
            self._accept()

    def close(self) -> None:
        """Let go of the workers; the listening socket is its owner's."""
        for hand in self.hands:
            hand.channel.close()
        self._selector.close()

    def _hear(self, hand: Hand) -> None:
        try:
            said = hand.channel.recv(4_096)
        except ConnectionError:
            said = b""
        hand.open -= said.count(_LEFT)
        hand.ready |= _READY in said
        if not said:  # it leaves, or is gone
            self.hands.remove(hand)
            self._selector.unregister(hand.channel)
            hand.channel.close()
        self._listen_while(any(each.ready for each in self.hands))

    def _listen_while(self, anybody: bool) -> None:
        if anybody and not self._listening:
            self._selector.register(self._listener, selectors.EVENT_READ)
        elif self._listening and not anybody:
            self._selector.unregister(self._listener)
        self._listening = anybody

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                time.sleep(EXHAUSTED_SECONDS)
            return  # else who called has hung up already
        with connection:  # the worker's copy is another
            for hand in sorted((hand for hand in self.hands if hand.ready), key=Hand.rank):
                # Who just died, or takes nothing for so long, is passed over.
                with contextlib.suppress(OSError):
                    socket.send_fds(hand.channel, [_CONNECTION], [connection.fileno()])
                    hand.open += 1
                    hand.turn = next(self._turns)
                    return


class Taker:
    """Takes what is dealt to one worker, and serves each connection with a protocol made by ``serve``.

    ``serve`` gets what its connection has to call, once, at its end.
    """

    def __init__(
        self, channel: socket.socket, serve: Callable[[Callable[[], None]], asyncio.BaseProtocol]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._channel = channel
        self._serve = serve
        self._unsaid = b""
        self._over = asyncio.Event()
        self._beginning: set[asyncio.Task[None]] = set()
        channel.setblocking(False)
        self._loop.add_reader(channel, self._take)
        self._say(_READY)

    async def leave(self) -> None:
        """Ask for no more, take what was dealt until the supervisor knows, and let go of the channel."""
        with contextlib.suppress(OSError):  # the supervisor is gone
            self._channel.shutdown(socket.SHUT_WR)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), PATIENCE_SECONDS)
        self._loop.remove_reader(self._channel)
        self._loop.remove_writer(self._channel)
        self._channel.close()
        if self._beginning:
            await asyncio.wait(self._beginning)

    def _take(self) -> None:
        while True:
            try:
                word, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1)
            except BlockingIOError:
                return
            except ConnectionError:
                word = b""
            if not word:
                self._loop.remove_reader(self._channel)
                self._over.set()
                return
            if not descriptors:  # this process has no descriptor left for it
                self._say(_LEFT)
            for descriptor in descriptors:
                task = self._loop.create_task(self._begin(socket.socket(fileno=descriptor)))
                self._beginning.add(task)
                task.add_done_callback(self._beginning.discard)

    async def _begin(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(
                lambda: self._serve(lambda: self._say(_LEFT)), connection
            )
        except OSError:  # it broke before it began, and has no end to tell of
            connection.close()
            self._say(_LEFT)

    def _say(self, words: bytes = b"") -> None:
        waiting = bool(self._unsaid)
        self._unsaid += words
        try:
            self._unsaid = self._unsaid[self._channel.send(self._unsaid) :]
        except BlockingIOError:  # the supervisor is busy
            self._loop.add_writer(self._channel, self._say)
            return
        except OSError:  # nobody counts any more
            self._unsaid = b""
        if waiting and not self._unsaid:
            self._loop.remove_writer(self._channel)
