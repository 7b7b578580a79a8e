"""A rehearsal in which the cart of a hold changes: what was held comes back, and the new cart is held."""

from __future__ import annotations

from copy import copy, deepcopy

from perennial.core.checkout.checkout import Checkout
from perennial.core.checkout.redemption import hold_over, hold_redeemed
from perennial.core.decision import Decision
from perennial.core.rehearsal.checkout import CartAsked, CheckoutRehearsal
from perennial.core.rehearsal.rehearsal import RehearsalRefused
from perennial.units import Instant, Minor


class HoldRehearsal(CheckoutRehearsal):
    """A rehearsal of a checkout whose carts change while they are held."""

    def change_hold(
        self,
        name: str,
        at: Instant,
        cart: CartAsked,
        *,
        order: str | None = None,
        expects: Minor | None = None,
    ) -> tuple[Checkout, list[Decision]]:
        """Let a hold be of another cart, priced as of now; it ends when it would have ended.

        A change that is refused leaves it as it was.
        """
        known = self.redemption(name)
        if known.state == "redeemed":
            raise RehearsalRefused(hold_redeemed(name))
        if known.state != "held" or (known.held_until is not None and known.held_until <= at):
            raise RehearsalRefused(hold_over(name))
        if expects is not None:
            self._apart(known.customer, name).exchange(name, at, cart, order, expects)
        return self.exchange(name, at, cart, order, None)

    def exchange(
        self, name: str, at: Instant, cart: CartAsked, order: str | None, expects: Minor | None
    ) -> tuple[Checkout, list[Decision]]:
        """Give back what a hold took, and hold another cart; refused, it is left half done."""
        known = self.redemptions.pop(name)
        until = known.held_until
        self._undo_redemption(known, known.used.quantities, at, void=True)
        return self.redeem(
            known.customer,
            name,
            at,
            cart,
            order=order or known.order_name,
            held_until=until,
            expects=expects,
        )

    def _apart(self, customer: str | None, name: str) -> HoldRehearsal:
        """Return a rehearsal in which the hold can change, and nothing does here."""
        trial = self._trial(customer)
        trial.vouchers = deepcopy(self.vouchers)
        trial.redemptions = {**self.redemptions, name: copy(self.redemptions[name])}
        return trial
