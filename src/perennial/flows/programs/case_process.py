"""The process that plays the test cases of one program: told on its input, answering on its output in lines.

It may use so many seconds of the processor; then the system ends it, in the middle of whatever it plays. Run
as ``python -m perennial.flows.programs.case_process``.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

import msgspec

from perennial.core.cases.program_cases import CaseOutcome, play_case, stage_of, unplayed
from perennial.core.document.document import program_of
from perennial.core.document.program import Program
from perennial.core.find_flaws import kinds_of_flaws
from perennial.core.segments.segment import Segment
from perennial.core.terms.condition_document import DEC_HOOK


class PlayedProgram(msgspec.Struct, frozen=True):
    """What the process is told: the program and segments as plain data, and its seconds of the processor."""

    document: dict[str, Any]
    segments: list[dict[str, Any]]
    seconds: float


class PlayedCase(msgspec.Struct, frozen=True):
    """What came of the case at this place."""

    place: int
    outcome: CaseOutcome


def main() -> None:
    """Play as standard input says, and tell of each case in a line as soon as it is done."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=PlayedProgram)
    signal.setitimer(signal.ITIMER_PROF, task.seconds)
    program = program_of(task.document)
    assert isinstance(program, Program), "it was read before"
    stage = stage_of(program, [msgspec.convert(each, Segment, dec_hook=DEC_HOOK) for each in task.segments])
    for place, case in enumerate(program.cases):
        try:
            outcome = play_case(case, stage, kinds_of_flaws)
        except Exception as error:  # noqa: BLE001 - whatever breaks one case says nothing of the next
            outcome = unplayed(case, f"it cannot be played: {error}")
        sys.stdout.buffer.write(msgspec.json.encode(PlayedCase(place, outcome)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
