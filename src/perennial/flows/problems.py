"""Problems that flows find: each with a stable code, the HTTP status it maps to, and words."""

from __future__ import annotations

import msgspec

from perennial.core.orders.order import Scalar
from perennial.core.refusals import Refusal, RefusalCode
from perennial.flows.answers import Answer, FieldProblem, Problem

TITLES = {
    400: "Bad request",
    403: "Forbidden",
    404: "Not found",
    409: "Conflict",
    410: "Gone",
    422: "Unprocessable",
    500: "Internal error",
    503: "Unavailable",
}

_REFUSED_AS = {
    RefusalCode.REWARD_UNKNOWN: 404,
    RefusalCode.CHALLENGE_UNKNOWN: 404,
    RefusalCode.WALLET_UNKNOWN: 422,
    RefusalCode.TIER_UNKNOWN: 422,
}
_REFUSED_FOR = {RefusalCode.TIER_UNKNOWN: "$.tier"}
"""The field that is wrong, where it has the same name in whatever is refused like that."""


class ProblemError(Exception):
    """Raised inside a flow to answer one command with a problem; its neighbors go on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def problem(
    status: int,
    code: str,
    detail: str,
    *fields: FieldProblem,
    details: dict[str, Scalar] | None = None,
    text: dict[str, str] | None = None,
) -> ProblemError:
    """Build the error to raise for one command."""
    return ProblemError(
        Problem(
            status=status,
            code=code,
            title=TITLES.get(status, "Error"),
            detail=detail,
            errors=fields,
            details=details or {},
            text=text,
        )
    )


def customer_erased() -> ProblemError:
    """Build the 410 for whatever would bring an erased customer back."""
    return problem(410, "customer_erased", "The customer was erased, which is final: use another id.")


MERGED = "customer_merged"


def customer_merged(name: str) -> ProblemError:
    """Build the 410 of a customer who is part of ``name`` by now."""
    words = f"The customer was merged into {name!r}: use that id."
    return problem(410, MERGED, words, details={"merged_into": name})


def field_problem(path: str, code: str, message: str) -> ProblemError:
    """Build the 422 for one wrong field."""
    return problem(422, code, f"{path}: {message}", FieldProblem(path=path, code=code, message=message))


def refused(refusal: Refusal) -> ProblemError:
    """Turn a refusal of the core into the error that answers the command (409 unless said)."""
    status, code = _REFUSED_AS.get(refusal.code, 409), refusal.code.value
    path = _REFUSED_FOR.get(refusal.code)
    fields = () if path is None else (FieldProblem(path=path, code=code, message=refusal.words),)
    return problem(status, code, refusal.words, *fields, details=refusal.details, text=refusal.text)


def answer_problem(found: Problem) -> Answer:
    """Return the answer that carries a problem."""
    return Answer(status=found.status, body=msgspec.json.encode(found))
