"""A member starts a challenge that begins on request."""

from __future__ import annotations

from perennial.core.events import ChallengeStarted
from perennial.flows.answers import Answer
from perennial.flows.batch import Batch
from perennial.flows.commands import StartChallenge
from perennial.flows.configuration import LiveProgram
from perennial.flows.handling.answering import decided, encode_answer
from perennial.flows.handling.decide_program import decide_in_program, event_row
from perennial.flows.handling.timers_due import run_timers_due
from perennial.flows.once import body_of
from perennial.flows.problems import field_problem, problem
from perennial.store.events import EventKind


def handle_start(batch: Batch, command: StartChallenge) -> Answer:
    """Let a member take part in a challenge; one that is under way stays as it is."""
    live = _program_of(batch, command)
    member = batch.member_of(command.customer)
    at = command.at if command.at is not None else batch.now
    version = live.version_at(at)
    if version is None:
        raise problem(409, "program_not_started", f"Program {live.code!r} has not started.")
    run_timers_due(batch, member, at)
    operation = batch.operation(member, batch.ids.next(), at)
    event = ChallengeStarted(id=operation.source_id, at=at, challenge=command.challenge)
    outcomes = decide_in_program(batch, operation, live, version, event)
    begun = any(outcome.decision.effects for outcome in outcomes)
    answer = encode_answer(decided(batch, member, command.customer, outcomes))
    if begun:
        row = event_row(batch, operation, EventKind.CHALLENGE, outcomes, body=body_of(command), answer=answer)
        batch.put_event(row)
    return Answer(status=201 if begun else 200, body=answer)


def _program_of(batch: Batch, command: StartChallenge) -> LiveProgram:
    """Return the one program that has the challenge, or raise the 404, or the 422 where several have it."""
    found = [
        live
        for live in batch.workspace.programs
        if command.program in (None, live.code)
        and any(each.id == command.challenge for each in live.latest.program.challenges)
    ]
    if not found:
        raise problem(404, "challenge_unknown", f"There is no challenge {command.challenge!r}.")
    if len(found) > 1:
        codes = ", ".join(live.code for live in found)
        raise field_problem("$.program", "challenge_ambiguous", f"name the program: {codes}")
    return found[0]
