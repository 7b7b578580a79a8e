"""Problem details (RFC 9457): one shape for everything that goes wrong, and nothing from inside.

A problem has a stable ``code``, says which fields are wrong and carries the id of the request, by
which the log tells the rest. SQL, details of PostgreSQL and stack traces never leave the process.
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Final

import asyncpg
import msgspec

from perennial.core.explaining.retelling import retell, retell_details
from perennial.core.language import Language
from perennial.core.languages import ENGLISH
from perennial.core.orders.order import Scalar
from perennial.flows.answers import FieldProblem, Problem
from perennial.flows.problems import ProblemError
from perennial.store.database import AWAY

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2

_log = logging.getLogger("perennial.http")


class ProblemBody(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is sent. ``type`` leads to the explanation of ``code`` in the reference page.

    ``text`` is what the shop itself says to that, by language.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[FieldProblem, ...] = ()
    details: dict[str, Scalar] = {}
    text: dict[str, str] | None = None
    request_id: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Problem).decode


def bad_request(status: int, code: str, detail: str, *fields: FieldProblem) -> ProblemError:
    """Build the error that answers a request with a problem of this status."""
    return ProblemError(
        Problem(status=status, code=code, title=HTTPStatus(status).phrase, detail=detail, errors=fields)
    )


def bad_fields(status: int, *fields: FieldProblem) -> ProblemError:
    """Build the error for fields that are wrong; the first gives the code."""
    first = fields[0]
    return bad_request(status, first.code, f"{first.path}: {first.message}", *fields)


def write_problem(problem: Problem, request_id: str, language: Language = ENGLISH) -> bytes:
    """Return the body that tells ``problem`` to the caller of this request, in ``language``."""
    return _encode(
        ProblemBody(
            type=f"/docs#problem-{problem.code}",
            title=retell(problem.title, language),
            status=problem.status,
            code=problem.code,
            detail=retell(problem.detail, language),
            errors=tuple(
                FieldProblem(path=each.path, code=each.code, message=retell(each.message, language))
                for each in problem.errors
            ),
            details=retell_details(problem.details, language),
            text=problem.text,
            request_id=request_id,
        )
    )


def rewrite_problem(body: bytes, request_id: str, language: Language = ENGLISH) -> bytes:
    """Return the body for a problem that a flow has already written as JSON."""
    return write_problem(_decode(body), request_id, language)


_UNAVAILABLE: Final = (
    *AWAY,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.QueryCanceledError,
    TimeoutError,
    asyncio.QueueFull,
)


def problem_of(error: BaseException, request_id: str) -> Problem:
    """Return what to tell the caller about any error; the log gets the error itself.

    Values that PostgreSQL cannot hold (SQLSTATE class 22, data, and 54, limits) are the last resort
    behind the checks of the door: 422. A database that is not there, is full or gave up is a 503,
    and the same request may be sent again. Everything else is a 500.
    """
    if isinstance(error, ProblemError):
        return error.problem
    sqlstate = getattr(error, "sqlstate", None) or ""
    if isinstance(error, _UNAVAILABLE):
        _log.warning("request %s: the database is not available: %r", request_id, error)
        return bad_request(503, "unavailable", "The database cannot be reached just now.").problem
    if sqlstate[:2] in ("22", "54"):
        _log.error("request %s: a value passed the door: %r", request_id, error)
        return bad_request(422, "value_not_storable", "A value is too large or cannot be stored.").problem
    _log.error("request %s failed", request_id, exc_info=error)
    return bad_request(500, "internal_error", "Something went wrong inside Perennial.").problem
