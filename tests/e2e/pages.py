"""The pages of the console and the dialogs that change something for good, for every check of pages."""

from __future__ import annotations

from tests.e2e.forms import EVERYTHING, FORMS, everything
from tests.e2e.shop import CAMPAIGN, MEMBER, POOL, SEGMENT, Shop
from tests.e2e.trials import PROGRAM, REGULAR, TRIAL

PAGES = {
    "home": "",
    "members": "/members",
    "found": "/members?find=anna%40example.org",
    "member": f"/members/{MEMBER}",
    "timeline": f"/members/{MEMBER}?tab=timeline",
    "explanation": f"/members/{MEMBER}?tab=timeline&why=order-3&of=order",
    "case": f"/members/{MEMBER}?tab=timeline&why=order-3&of=order&make=points",
    "statement": f"/members/{MEMBER}?tab=ledger",
    "vouchers": f"/members/{MEMBER}?tab=vouchers",
    "challenges": f"/members/{REGULAR}",
    "programs": "/programs",
    "first-run": "/begin?template=vip-tiers",
    "launch": "/launch",
    "draft": "/programs/points",
    "draft-text": "/programs/points?view=text",
    "what-if": "/programs/points/what-if",
    "versions": "/programs/points?tab=versions",
    "campaigns": "/campaigns?month=2027-01",
    "campaign": f"/campaigns/points/{CAMPAIGN}",
    "new-campaign": "/new-campaign",
    "experiments": "/experiments",
    "experiment": f"/experiments/{PROGRAM}/{TRIAL}",
    "new-experiment": "/new-experiment",
    "segments": "/segments",
    "segment": f"/segments/{SEGMENT}",
    "new-segment": "/new-segment?template=dormant",
    "pools": "/vouchers",
    "pool": f"/vouchers/{POOL}",
    "new-codes": "/new-codes",
    "import-codes": "/import-codes",
    "reports": "/reports",
    "report": "/reports/points?step=week",
    "cohorts": "/reports/cohorts",
    "referrals": "/referrals",
    "brand": "/brand",
    "switches": "/switches",
    "approvals": "/approvals",
    "audit": "/audit",
    "staff": "/staff",
    "api-keys": "/api-keys",
    "account": "/account",
}

PRINTED = "FLYER-0001-X"
"""A code of another pool, which is there for its dialog alone."""

DIALOGS = {
    "dialog-adjust": (f"/members/{MEMBER}", ["Correct points…"]),
    "dialog-block": (f"/members/{MEMBER}", ["More", "Block…"]),
    "dialog-consent": (f"/members/{MEMBER}", ["Record a consent…"]),
    "dialog-merge": (f"/members/{MEMBER}", ["More", "Merge into another account…"]),
    "dialog-give-code": (f"/members/{MEMBER}?tab=vouchers", ["Give a code…"]),
    "dialog-export": (f"/members/{MEMBER}", ["More", "Export everything known…"]),
    "dialog-erase": (f"/members/{MEMBER}", ["More", "Erase…"]),
    "dialog-publish": ("/programs/points", ["Publish…"]),
    "dialog-void": (f"/vouchers?code={PRINTED}", ["Take it back…"]),
}
"""Dialogs that change something for good: the page, and the buttons that lead to them."""


# What these show is published when the first of them is looked at: the pages before do not have it.
DIALOGS |= {
    name: (f"/programs/{EVERYTHING}?section={section}", buttons) for name, (section, buttons) in FORMS.items()
}


def made(shop: Shop, name: str) -> None:
    """Make what a page shows and none of those before it may show."""
    if name == "dialog-void":
        shop.call(
            "POST", "vouchers/batches", {"id": "printed-1", "reward": "free-shipping", "codes": [PRINTED]}
        )
    if name in FORMS and shop.status_of("GET", f"programs/{EVERYTHING}/draft") == 404:
        everything(shop)
