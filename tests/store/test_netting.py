"""What a batch adds up: which effects are of whose wallets they move, and which of the customer."""

from __future__ import annotations

import inspect

from perennial.store import netting


def test_what_is_of_the_owner_is_said() -> None:
    """An effect changes postings, wallets or lots exactly if it is written in the bucket of the owner."""
    told = {
        effect
        for effect, add in netting._ADD.items()  # noqa: SLF001
        if any(f"self.{part}(" in inspect.getsource(add) for part in ("_post", "_wallet", "_lot"))
    }
    assert told == netting.OF_OWNERS
    mixed = [
        effect
        for effect in told
        if "change.customer_id" in inspect.getsource(netting._ADD[effect])  # noqa: SLF001
    ]
    assert mixed == []
