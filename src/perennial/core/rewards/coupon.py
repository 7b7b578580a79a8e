"""Coupon: a code out of a pool that was made or imported before, such as a partner's."""

from __future__ import annotations

from typing import ClassVar

from perennial.core.entitlements import EntitlementState
from perennial.core.kinds.benefit import Benefit, HandedOut
from perennial.core.kinds.rule import Identifier


class Coupon(Benefit, frozen=True, tag="coupon"):
    """The next code of ``pool``, which is the id of the reward that has the ``codes``.

    What the code is good for is what that reward gives. When the pool is empty, the claim is refused.
    """

    pool: Identifier

    example: ClassVar[str] = """\
type: coupon
pool: partner-ten
"""

    def level(self) -> None:
        """Do nothing to an order by itself: the code does."""
        return

    def hands_out(self) -> HandedOut:
        """Hand over a code of the pool."""
        return HandedOut(state=EntitlementState.GIVEN, name=self.pool, pool=self.pool)
