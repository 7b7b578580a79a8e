"""What the parts of a program are called that have an id."""

from __future__ import annotations

NOUN_OF = {
    "wallets": "wallet",
    "earning_rules": "rule",
    "limits": "shared limit",
    "campaigns": "campaign",
    "rewards": "reward",
    "messages": "message",
    "levels": "tier",
    "challenges": "challenge",
    "goals": "goal",
    "metrics": "metric",
    "experiments": "experiment",
    "holdouts": "holdout",
    "variants": "variant",
    "offers": "offer",
    "cases": "test case",
}
"""The noun of a part by the list that it stands in."""

NOUNS = (*NOUN_OF.values(), "part")
"""All nouns, and that of parts without one of their own."""
