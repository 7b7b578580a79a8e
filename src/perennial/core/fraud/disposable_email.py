"""The friend has an address of a host that gives a mailbox to anybody for some minutes."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from perennial.core.customers.disposable import disposable
from perennial.core.kinds.fraud_signal import Action, Evidence, Signal

_Hosts = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^[^\s@.][^\s@]*\.[^\s@.]+$", max_length=253)], ...],
    Meta(max_length=1_000),
]


class DisposableEmail(Signal, frozen=True, tag="disposable_email"):
    """An e-mail address of the friend is of a host for throw-away mailboxes, or of a host below it.

    Such hosts are those of a list of ours, and those in ``also``; never those in ``never``.
    """

    action: Action = Action.REVIEW
    also: _Hosts = ()
    never: _Hosts = ()

    example: ClassVar[str] = """\
type: disposable_email
also: [mail-for-a-minute.example]
action: review
"""

    def is_there(self, evidence: Evidence) -> bool:
        """Return whether the friend has such an address."""
        return bool(self._found(evidence))

    def does(self) -> Action:
        """Return what happens then."""
        return self.action

    def words(self, evidence: Evidence) -> str:
        """Name the hosts; the addresses stay where they are."""
        return f"The friend has a throw-away address: {', '.join(self._found(evidence))}."

    def _found(self, evidence: Evidence) -> list[str]:
        return disposable(evidence.hosts, self.also, self.never)
