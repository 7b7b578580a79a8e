"""What must be right about challenges beyond types: goals that can be counted, times that go together."""

from __future__ import annotations

from perennial.core.conditions.check import benefit_place, check_figure, member_place
from perennial.core.document.challenge import Challenge, ChallengeReturns, Complete, Goal
from perennial.core.document.program import rewards_of
from perennial.core.findings import Findings
from perennial.core.kinds.benefit import Benefit
from perennial.core.terms.conditions import HistoryWindow
from perennial.core.validation.limits import check_limits, place_of_reward
from perennial.core.validation.rewards import check_codes_given

MAX_CHALLENGES = 200
MAX_GOALS = 20


def check_challenges(findings: Findings) -> None:
    """Check every challenge of the program."""
    program = findings.program
    challenges = [(f"challenges[{i}]", challenge) for i, challenge in enumerate(program.challenges)]
    findings.unique([(path, challenge.id) for path, challenge in challenges], "challenge")
    if len(challenges) > MAX_CHALLENGES:
        words = f"a program has at most {MAX_CHALLENGES} challenges; this one {len(challenges)}"
        findings.add("challenges", "too_many", words)
    own = [each.id for each in program.challenges if each.gives]
    others = [reward.id for reward in rewards_of(program)]
    for path, challenge in challenges:
        if challenge.id in own and others.count(challenge.id) > 1:
            words = f'what it gives is a reward called "{challenge.id}", and there is one already'
            findings.add(f"{path}.id", "duplicate_id", words)
        _check_times(findings, path, challenge)
        _check_goals(findings, path, challenge)
        _check_gives(findings, path, challenge)


def _check_times(findings: Findings, path: str, challenge: Challenge) -> None:
    findings.condition(f"{path}.when", challenge.when, member_place())
    findings.schedule(f"{path}.schedule", challenge.schedule)
    findings.span(f"{path}.within", challenge.within)
    if challenge.each is not None and challenge.within is not None:
        words = "a challenge has a calendar period (each) or a time from its start (within), not both"
        findings.add(f"{path}.within", "not_together", words)
    if challenge.streak is not None and (challenge.each is not None or challenge.within is not None):
        words = "a streak has its own periods; leave each and within out"
        findings.add(f"{path}.streak", "not_together", words)
    repeat = challenge.repeat
    if repeat is not None:
        findings.span(f"{path}.repeat.cooldown", repeat.cooldown)
        if challenge.each is not None and not challenge.is_card:
            words = "it begins anew in every period; in it only a single goal without a cooldown is repeated"
            findings.add(f"{path}.repeat", "not_together", words)


def _check_goals(findings: Findings, path: str, challenge: Challenge) -> None:
    goals = [(f"{path}.goals[{i}]", goal) for i, goal in enumerate(challenge.goals)]
    if not goals:
        findings.add(f"{path}.goals", "empty", "a challenge has at least one goal")
    if len(goals) > MAX_GOALS:
        findings.add(f"{path}.goals", "too_many", f"a challenge has at most {MAX_GOALS} goals")
    findings.unique([(here, goal.id) for here, goal in goals], "goal")
    if challenge.streak is not None and len(goals) != 1:
        findings.add(f"{path}.goals", "one_goal", "a streak has one goal, to be reached in every period")
    for here, goal in goals:
        _check_goal(findings, here, goal)
        if goal.member_for is not None:
            _check_time(findings, here, challenge)


def _check_goal(findings: Findings, path: str, goal: Goal) -> None:
    if (goal.measure is None) is (goal.member_for is None):
        words = "a goal has a measure, or a time of membership (member_for)"
        findings.add(path, "measure_or_time", words)
    if goal.measure is None:
        findings.span(f"{path}.member_for", goal.member_for)
        return
    findings.problems += check_figure(
        goal.measure,
        goal.where,
        goal.event,
        goal.attribute,
        goal.wallet,
        HistoryWindow(ever=True),
        findings.facts,
        path,
    )


def _check_time(findings: Findings, path: str, challenge: Challenge) -> None:
    """Check that what is reached once, by time alone, is not to be reached again and again."""
    again = challenge.each or challenge.within or challenge.repeat or challenge.streak
    if again is not None:
        words = "a time of membership is reached once: leave each, within, repeat and streak out"
        findings.add(f"{path}.member_for", "not_together", words)
    if challenge.complete is Complete.IN_ORDER:
        words = "time does not wait for other goals: complete all or any of them"
        findings.add(f"{path}.member_for", "not_together", words)


def _check_gives(findings: Findings, path: str, challenge: Challenge) -> None:
    findings.span(f"{path}.expires_after", challenge.expires_after)
    if challenge.codes is not None and challenge.codes.shared is not None:
        words = "everybody who completes it gets a code of their own"
        findings.add(f"{path}.codes.shared", "not_shared", words)
    place = place_of_reward(findings.program)
    check_limits(findings, path, challenge.limits, challenge.shared_limits, place)
    findings.all_known(
        f"{path}.shared_limits", "shared limit", challenge.shared_limits, findings.shared_limits
    )
    check_codes_given(findings, f"{path}.gives", challenge.gives)
    for index, benefit in enumerate(challenge.gives):
        _check_benefit(findings, f"{path}.gives[{index}]", challenge, benefit)
    if challenge.returns is ChallengeReturns.TAKE_BACK and (challenge.limits or challenge.shared_limits):
        words = "what a limit may have held back cannot be taken back for sure: leave limits out"
        findings.add(f"{path}.returns", "not_together", words)


def _check_benefit(findings: Findings, path: str, challenge: Challenge, benefit: Benefit) -> None:
    for field, where in [("lines", benefit.line_filter()), *benefit.other_filters()]:
        findings.condition(f"{path}.{field}", where, benefit_place())
    for problem in benefit.problems():
        findings.add(f"{path}.{problem.path}", problem.code, problem.words)
    out = benefit.hands_out()
    if out is not None and out.pool is not None:
        pools = [reward.id for reward in rewards_of(findings.program) if reward.codes is not None]
        findings.known(f"{path}.pool", "reward with codes", out.pool, pools)
    if out is not None and out.points:
        findings.wallet(path, out.wallet)
    code = benefit.needs_voucher() or (out is not None and out.pool is not None)
    if challenge.returns is ChallengeReturns.TAKE_BACK and not code and (out is None or not out.points):
        words = "only points, vouchers and codes can be taken back; with anything else say returns: keep"
        findings.add(path, "not_taken_back", words)
