"""A program that uses what there is, for the forms of the editor in a real browser."""

from __future__ import annotations

from tests.e2e.shop import ROOT, Shop

EVERYTHING = "everything"
_DOCUMENT = ROOT / "tests" / "e2e" / f"{EVERYTHING}.yaml"

FORMS = {
    "form-program": ("program", []),
    "form-wallet": ("wallets", ["Change"]),
    "form-rule": ("rules", ["Change"]),
    "form-tier": ("tiers", ["Change"]),
    "form-tiers-reached": ("tier-terms", []),
    "form-reward": ("rewards", ["Change"]),
    "form-campaign": ("campaigns", ["Change"]),
    "form-message": ("messages", ["Change"]),
    "form-stacking": ("stacking", []),
    "form-budget": ("budgets", ["Change"]),
    "form-referral": ("referrals", ["Change"]),
    "form-challenge": ("challenges", ["Change"]),
}
"""The sections of the editor, and what opens the form of the first entry."""


def everything(shop: Shop) -> None:
    """Publish the program; nobody is in it who does not ask."""
    shop.call("PUT", f"programs/{EVERYTHING}/draft", yaml=_DOCUMENT.read_text())
    shop.call("POST", f"programs/{EVERYTHING}/publish", {"note": "all there is"})
