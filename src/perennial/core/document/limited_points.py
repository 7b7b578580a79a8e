"""The decimals of the points that a limit adds up: those of the wallets into which its rules earn.

A limit of one rule counts the points of one wallet. What several rules share may count those of several, and
adds them up as whole numbers: then all of them need the same decimals.
"""

from __future__ import annotations

from collections.abc import Iterable

from perennial.core.document.program import Campaign, Program, WalletSpec
from perennial.core.kinds.rule import EarningRule


def wallets_of_shared(program: Program, limit: str) -> list[WalletSpec]:
    """Return the wallets whose points a shared limit of a program counts, in the order of its rules."""
    rules = [*program.earning_rules, *(rule for each in program.campaigns for rule in each.earning_rules)]
    return _wallets(program, (rule for rule in rules if limit in rule.shared_limits))


def wallets_of_campaign(program: Program, campaign: Campaign) -> list[WalletSpec]:
    """Return the wallets whose points the limits of a campaign count, in the order of its rules."""
    return _wallets(program, campaign.earning_rules)


def decimals_of(wallets: Iterable[WalletSpec]) -> int:
    """Return the decimals that all wallets have; 0 if they differ, or if there is none."""
    decimals = {wallet.decimals for wallet in wallets}
    return decimals.pop() if len(decimals) == 1 else 0


def _wallets(program: Program, rules: Iterable[EarningRule]) -> list[WalletSpec]:
    by_id = {wallet.id: wallet for wallet in program.wallets}
    names = [rule.wallet or program.wallets[0].id for rule in rules if rule.gives() is None]
    return [by_id[name] for name in dict.fromkeys(names) if name in by_id]
