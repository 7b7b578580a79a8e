"""What must be right about stacking beyond types: settings that contradict each other are told apart."""

from __future__ import annotations

from perennial.core.document.stacking import Category, Combines, Stacking
from perennial.core.findings import Findings
from perennial.core.kinds.rule import ten_thousandths

PATH = "stacking"


def check_stacking(findings: Findings) -> None:
    """Check how rewards go together: limits within limits, and what a category can be at once."""
    stacking = findings.program.stacking
    findings.unique(
        [(f"{PATH}.categories[{i}]", category.id) for i, category in enumerate(stacking.categories)],
        "category",
    )
    if stacking.exclusive_at_most > stacking.at_most:
        words = f"at most {stacking.at_most} rewards apply to an order, so never {stacking.exclusive_at_most}"
        findings.add(f"{PATH}.exclusive_at_most", "beyond_limit", f"{words} exclusive ones")
    if stacking.most_off is not None and not ten_thousandths(stacking.most_off):
        words = "rewards that may take nothing off are no rewards; leave it out, or switch them off"
        findings.add(f"{PATH}.most_off", "nothing_off", words)
    for index, category in enumerate(stacking.categories):
        _check_category(findings, f"{PATH}.categories[{index}]", category, stacking)
    _check_rewards(findings, {category.id: category for category in stacking.categories})


def _check_category(findings: Findings, path: str, category: Category, stacking: Stacking) -> None:
    most = category.at_most
    if category.best_of and category.combines is Combines.JOINT:
        words = "joint rewards always apply, but of a best_of category only one does; choose one of the two"
        findings.add(f"{path}.best_of", "contradiction", words)
    if category.best_of and most is not None:
        words = "of a best_of category exactly one reward applies; leave at_most out"
        findings.add(f"{path}.at_most", "contradiction", words)
    if most is None:
        return
    if most > stacking.at_most:
        words = f"at most {stacking.at_most} rewards apply to an order, so never {most} of this category"
        findings.add(f"{path}.at_most", "beyond_limit", words)
    if category.combines is Combines.EXCLUSIVE and most > stacking.exclusive_at_most:
        words = (
            f"at most {stacking.exclusive_at_most} exclusive rewards apply to an order (exclusive_at_most), "
            f"so never {most} of this category"
        )
        findings.add(f"{path}.at_most", "beyond_limit", words)


def _check_rewards(findings: Findings, categories: dict[str, Category]) -> None:
    """Check what single rewards say about combining against what their categories say."""
    program = findings.program
    rewards = [(f"rewards[{i}]", reward) for i, reward in enumerate(program.rewards)]
    for c, campaign in enumerate(program.campaigns):
        rewards += [(f"campaigns[{c}].rewards[{i}]", reward) for i, reward in enumerate(campaign.rewards)]
    for path, reward in rewards:
        category = categories.get(reward.category or "")
        if reward.combines is None or category is None:
            continue
        if category.best_of and reward.combines is Combines.JOINT:
            words = f"joint rewards always apply, but of category {category.id} only the best one does"
            findings.add(f"{path}.combines", "contradiction", words)
        elif category.combines not in (Combines.COMMON, reward.combines):
            words = f"category {category.id} is {category.combines}, so the reward is not {reward.combines}"
            findings.add(f"{path}.combines", "contradiction", words)
