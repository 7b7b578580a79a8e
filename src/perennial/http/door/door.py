"""What every route needs, in one place: the flows behind the door and the keys in front of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from perennial.connectors.openid import Provider
from perennial.flows.batcher import Intake
from perennial.flows.checkout.quoting import Quotes
from perennial.flows.handle_events import Handler
from perennial.flows.staff.sign_in import SignInDesk
from perennial.http.door.auth import Keyring
from perennial.http.door.guesses import Guesses
from perennial.store.database import Database

MAX_BODY_BYTES = 1_000_000


class Address(msgspec.Struct, frozen=True):
    """How browsers reach us: scheme, host and port, such as ``https://loyalty.example.com``."""

    origin: str

    @property
    def secure(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.origin.startswith("https://")

    @property
    def host(self) -> str:
        """The name alone, which passkeys are bound to."""
        return urlsplit(self.origin).hostname or ""


class Door(msgspec.Struct):
    """One per worker process. ``open`` goes false when the process is asked to stop: readiness first.

    ``provider`` is that of the single sign-on. ``simulating`` counts the simulations that are under way.
    """

    database: Database
    handler: Handler
    intake: Intake
    quotes: Quotes
    keyring: Keyring
    desk: SignInDesk
    address: Address
    provider: Provider | None = None
    max_body_bytes: int = MAX_BODY_BYTES
    open: bool = True
    simulating: int = 0
    guesses: Guesses = msgspec.field(default_factory=Guesses)

    @classmethod
    def of(cls, state: Any) -> Door:
        """Return the door that the application keeps in its state."""
        door: Door = state.door
        return door
