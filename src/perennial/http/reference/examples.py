"""Examples of the API, as the reference shows them. The tests send every one and look at the answer."""

from __future__ import annotations

from typing import Any

import msgspec


class Example(msgspec.Struct, frozen=True):
    """A request body that works with the program of the quick start (``examples/``)."""

    summary: str
    request: Any


_CART = {
    "lines": [
        {"id": "1", "sku": "grinder", "amount": 4900},
        {"id": "2", "sku": "espresso-250", "amount": 2500, "quantity": 2},
    ],
    "shipping": 495,
}

EXAMPLES: dict[str, dict[str, Example]] = {
    "template_preview": {
        "own": Example(
            "Points called beans, in euros",
            {
                "program": "beans",
                "name": "Beans",
                "unit": "Beans",
                "currency": "EUR",
                "time_zone": "Europe/Berlin",
            },
        ),
    },
    "brand_put": {
        "blue": Example("A blue, and a lighter one", {"color": "#1f4fa3", "dark_color": "#8fb4f5"}),
    },
    "message_preview": {"anna": Example("What anna would get", {"customer": "anna"})},
    "brand_preview": {"yellow": Example("A yellow that is too pale for text", {"color": "#ffd400"})},
    "condition_check": {
        "in_korean": Example(
            "What a rule asks, said in Korean",
            {
                "program": "points",
                "where": "rule",
                "language": "ko",
                "condition": {
                    "all": [
                        {"fact": "order.total", "at_least": 5000},
                        {"fact": "now.weekday", "in": ["sat", "sun"]},
                    ]
                },
            },
        ),
    },
    "order_put": {
        "paid": Example(
            "A paid order of two lines",
            {
                "customer": "anna",
                "status": "paid",
                "occurred_at": "2026-03-04T10:15:00Z",
                "currency": "USD",
                "lines": [
                    {"id": "1", "sku": "espresso-250", "amount": 1250, "categories": ["coffee"]},
                    {"id": "2", "sku": "mug", "amount": 1800, "quantity": 2, "discount": 300},
                ],
                "shipping": 495,
            },
        ),
        "by_card": Example(
            "The customer is named by a card: here the same order is sent again",
            {
                "identifier": {"type": "card", "value": "0042 1234"},
                "status": "paid",
                "occurred_at": "2026-03-04T10:15:00Z",
                "currency": "USD",
                "lines": [
                    {"id": "1", "sku": "espresso-250", "amount": 1250, "categories": ["coffee"]},
                    {"id": "2", "sku": "mug", "amount": 1800, "quantity": 2, "discount": 300},
                ],
                "shipping": 495,
            },
        ),
    },
    "return_post": {
        "one_unit": Example(
            "One of the two mugs comes back",
            {"id": "return-1", "lines": [{"line": "2", "quantity": 1}], "reason": "broken"},
        ),
        "everything": Example("Everything that is left comes back", {"id": "return-2"}),
    },
    "event_post": {
        "review": Example(
            "A review was posted",
            {"id": "review-77", "type": "review.posted", "customer": "anna", "attributes": {"rating": 5}},
        ),
        "by_email": Example(
            "The customer is named by an e-mail address",
            {
                "id": "review-78",
                "type": "review.posted",
                "identifier": {"type": "email", "value": "anna@example.com"},
                "attributes": {"rating": 4},
            },
        ),
    },
    "claim_post": {
        "voucher": Example("500 points become a voucher", {"id": "claim-1", "reward": "five-off"})
    },
    "quote_post": {
        "member": Example(
            "A member's cart with a code and points",
            {
                "customer": "anna",
                "cart": _CART,
                "redeem": [{"code": "welcome10"}],
                "points": [{"wallet": "points", "points": 500}],
            },
        ),
        "guest": Example("A guest's cart", {"cart": _CART}),
    },
    "hold_post": {
        "checkout": Example(
            "Reserved while the member pays",
            {
                "id": "cart-9001",
                "customer": "anna",
                "order": "1002",
                "cart": _CART,
                "redeem": [{"code": "welcome10"}],
                "seconds": 600,
            },
        )
    },
    "hold_put": {
        "changed": Example(
            "The member puts the coffee back while the cart is held",
            {
                "customer": "anna",
                "cart": {"lines": [{"id": "1", "sku": "grinder", "amount": 4900}], "shipping": 495},
                "redeem": [{"code": "welcome10"}],
            },
        )
    },
    "redemption_post": {
        "hold": Example("The hold is redeemed as it was priced", {"hold": "cart-9001"}),
        "at_once": Example(
            "A reward is claimed and used in one step",
            {
                "id": "till-17",
                "customer": "anna",
                "cart": _CART,
                "redeem": [{"reward": "points/five-off"}],
                "expects": 6900,
            },
        ),
    },
    "redemption_rollback": {
        "part": Example(
            "One of the two bags comes back",
            {"id": "undo-1", "lines": [{"line": "2", "quantity": 1}]},
        ),
        "whole": Example("The purchase is undone", {"id": "undo-2", "reason": "wrong address"}),
    },
    "batch_create": {
        "made": Example("Three codes of a pool", {"id": "summer-1", "reward": "free-shipping", "count": 3}),
        "imported": Example(
            "Codes that were made elsewhere",
            {"id": "printed-1", "reward": "free-shipping", "codes": ["SHIP-2026-4711-A", "SHIP-2026-4712-B"]},
        ),
    },
    "batch_watch": {
        "made": Example("A pool, watched", {"id": "summer-2", "reward": "free-shipping", "count": 3})
    },
    "batch_check": {
        "codes": Example(
            "Are these codes good?", {"reward": "free-shipping", "codes": ["SHIP-2026-4711-A", "- -"]}
        )
    },
    "voucher_assign": {
        "assign": Example(
            "A code of the pool for a member", {"id": "mail-1", "customer": "anna", "reward": "free-shipping"}
        ),
        "friends": Example(
            "A code that a member passes on",
            {"id": "mail-2", "customer": "anna", "reward": "free-shipping", "for_friends": True},
        ),
    },
    "card_sell": {
        "sale": Example(
            "A card over 50.00 that was bought online",
            {"id": "sale-1", "reward": "card", "amount": 5000, "reason": "order web-77"},
        )
    },
    "card_topup": {"top_up": Example("10.00 more", {"id": "top-up-1", "amount": 1000, "reason": "till 3"})},
    "card_transfer": {
        "merge": Example(
            "All of it to another card", {"id": "merge-1", "to": "GC-K7MN-P2QR", "reason": "merged"}
        )
    },
    "merge_post": {
        "twins": Example(
            "Somebody who has two accounts",
            {"id": "merge-77", "into": "anna", "reason": "the same person, by passport"},
        )
    },
    "voucher_void": {"void": Example("A lost voucher", {"reason": "printed twice"})},
    "scan_post": {
        "till": Example("Whatever the cashier scans or types", {"text": "0042 1234", "device": "till-1"})
    },
    "device_block": {
        "stolen": Example(
            "The till was stolen; it was seen last at noon",
            {"reason": "stolen", "since": "2026-03-02T12:00:00Z"},
        )
    },
    "device_unblock": {"found": Example("It was found in the office", {"reason": "it was in the office"})},
    "device_post": {
        "till": Example(
            "A till that made its own key pair",
            {
                "id": "till-1",
                "location": "berlin",
                "name": "The till at the door",
                "public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
            },
        )
    },
    "allowance_post": {
        "day": Example(
            "What one till may give away within a day",
            {
                "id": "2026-03-04",
                "max_points": 1000,
                "max_amount": 20000,
                "max_redemptions": 50,
                "expires_in": 86400,
            },
        )
    },
    "upload_post": {
        "points": Example(
            "500 points paid for a part of a mug",
            {
                "allowance": "2026-03-04",
                "entries": [
                    {
                        "sequence": 1,
                        "at": "2026-03-04T10:15:00Z",
                        "customer": "anna",
                        "cart": {"lines": [{"id": "1", "sku": "mug", "amount": 1800}]},
                        "points": [{"wallet": "points", "points": 500}],
                        "amount": 500,
                        "signature": "LWXln+SXEdBSV/MGVkV6G7kw+GN65SRC0H8C3M50P3kd"
                        "ZsPdzQVDCysDWmdgWeasNQmnE4fTKMqe0S2zrXK9DA==",
                    }
                ],
            },
        )
    },
    "entitlement_move": {
        "paid": Example("A payout was transferred", {"state": "paid", "reference": "SEPA 2026-03-0007"}),
        "canceled": Example("Goods cannot be sent", {"state": "canceled", "reason": "sold out"}),
    },
    "wait_post": {
        "seat": Example("A seat at an evening that is full", {"id": "wait-7", "reward": "gifts/tasting"}),
    },
    "adjustment_post": {
        "goodwill": Example(
            "Points as an apology",
            {
                "id": "ticket-4711",
                "customer": "anna",
                "wallet": "points",
                "points": 600,
                "reason": "late parcel",
            },
        )
    },
    "transfer_post": {
        "gift": Example(
            "A gift to a friend",
            {
                "id": "gift-1",
                "from": "anna",
                "to": "ben",
                "wallet": "points",
                "points": 50,
                "reason": "birthday",
            },
        )
    },
    "customer_put": {
        "attributes": Example(
            "Attributes of a customer", {"attributes": {"country": "DE", "newsletter": True}}
        ),
        "identifiers": Example(
            "By what else the customer is known",
            {
                "identifiers": [
                    {"type": "email", "value": "Anna@Example.com"},
                    {"type": "phone", "value": "+49 170 1234567"},
                    {"type": "card", "value": "0042 1234"},
                ]
            },
        ),
        "consents": Example(
            "What a form at the checkout has brought",
            {
                "consents": [
                    {
                        "channel": "email",
                        "purpose": "marketing",
                        "state": "given",
                        "at": "2026-03-04T10:15:00Z",
                        "source": "web",
                        "wording": "2026-03",
                        "proof": "form-8812",
                    }
                ]
            },
        ),
        "household": Example("A household pools its points", {"household": "family-7"}),
    },
    "consent_post": {
        "withdrawn": Example(
            "No more advertising by e-mail, and none by message",
            {
                "consents": [
                    {
                        "channel": "email",
                        "purpose": "marketing",
                        "state": "withdrawn",
                        "source": "till",
                        "reason": "asked at the counter",
                    },
                    {"channel": "sms", "purpose": "marketing", "state": "withdrawn", "source": "till"},
                ]
            },
        )
    },
    "membership_join": {"join": Example("Join at the till", {"program": "points", "source": "till"})},
    "tier_assign": {
        "gold": Example("Gold for a friend of the house", {"id": "vip-1", "tier": "gold", "reason": "press"})
    },
    "referral_post": {
        "named": Example(
            "Anna refers Zoe",
            {"customer": "zoe", "advocate": "anna", "program": "friends", "context": {"device": "d-17"}},
        ),
    },
    "referral_approve": {"known": Example("It is a friend indeed", {"reason": "known in the shop"})},
    "referral_reject": {"oneself": Example("It is the advocate", {"reason": "the same person"})},
    "attributes_put": {
        "weather": Example(
            "The weather at the customer's place, and the country",
            {
                "member": {
                    "country": {"type": "text", "label": "the country"},
                    "weather": {"type": "text", "values": ["rain", "sun"], "outside": True},
                },
                "location": {
                    "region": {"type": "text"},
                    "queue": {"type": "integer", "label": "who waits", "outside": True},
                },
            },
        )
    },
    "facts_push": {
        "rain": Example("It rains, for an hour", {"facts": {"weather": {"value": "rain", "seconds": 3600}}})
    },
    "location_put": {"berlin": Example("A store in Berlin", {"place": "52.520008,13.404954"})},
    "location_push": {"queue": Example("A long queue", {"facts": {"queue": {"value": 12, "seconds": 300}}})},
    "segment_put": {
        "regulars": Example(
            "Whoever spent 100.00 in the last year",
            {"name": "Regulars", "when": {"fact": "member.spent_365_days", "at_least": 10000}},
        ),
        "press": Example("A list", {"name": "Press"}),
    },
    "segment_preview": {
        "ordered": Example("Who has ordered", {"when": {"fact": "member.orders", "at_least": 1}})
    },
    "segment_apply": {
        "welcome": Example(
            "What would it cost to welcome those who are inside?",
            {"program": "club", "rule": "hello", "preview": True},
        )
    },
    "apply_watch": {
        "welcome": Example("Welcome those who are inside, watched", {"program": "club", "rule": "hello"})
    },
    "segment_template": {
        "dormant": Example("No order for 60 days", {"program": "points", "settings": {"days": 60}})
    },
    "switch_set": {
        "off": Example(
            "A reward is stopped at once",
            {
                "object": {"kind": "reward", "program": "points", "id": "five-off"},
                "off": True,
                "reason": "it spread to the wrong audience",
            },
        ),
        "on": Example(
            "It goes on again",
            {
                "object": {"kind": "reward", "program": "points", "id": "five-off"},
                "off": False,
                "reason": "only members can claim it now",
            },
        ),
    },
    "conversion_post": {
        "foreseen": Example(
            "What would it come to",
            {"from": "stars", "into": "points", "give": 12, "reason": "by spend now", "dry_run": True},
        ),
        "declared": Example(
            "From the first of May on a star is 12 points",
            {
                "id": "stars-2026",
                "from": "stars",
                "into": "points",
                "give": 12,
                "reason": "members asked for it",
                "starts_at": "2026-05-01T00:00:00Z",
            },
        ),
    },
    "conversion_reverse": {"back": Example("Back to stars", {"reason": "the rate was wrong"})},
    "clock_advance": {"month": Example("Jump to the summer", {"advance_to": "2026-07-01T00:00:00Z"})},
    "program_publish": {"note": Example("Publish what was reviewed", {"revision": 1, "note": "spring"})},
    "plan_put": {
        "black-friday": Example(
            "Publish the draft on Friday at nine, local time of the program",
            {"publish_at": "2030-11-29T09:00", "note": "Black Friday"},
        )
    },
    "program_cases": {"draft": Example("Play the cases of the stored draft", {})},
    "program_check": {
        "draft": Example(
            "Search the draft, with half of every sale as margin",
            {"assumptions": {"margin": "50"}, "kinds": ["stacks_below_cost"], "seconds": 10},
        )
    },
    "program_rollback": {
        "back": Example("Back to the first version", {"version": 1, "note": "too generous"})
    },
    "program_simulate": {
        "year": Example(
            "The draft beside version 1, on what happened since the year began",
            {"version": "draft", "against": "1", "from": "2026-01-01T00:00:00Z"},
        ),
    },
}
