"""Answers that hold the code of a voucher: it is sealed in what is stored, and shown again on a replay."""

from __future__ import annotations

from base64 import b64decode, b64encode

import msgspec

from perennial.flows.answers import Answer, Decided, VoucherAnswer
from perennial.flows.handling.answering import encode_answer
from perennial.store.codes.codebook import Codebook

_decoder = msgspec.json.Decoder(Decided)


def stored_answer(codebook: Codebook, workspace_id: int, decided: Decided) -> bytes:
    """Return an answer as it is stored: the code of its voucher sealed."""
    if decided.voucher is None:
        return encode_answer(decided)
    sealed = codebook.seal(workspace_id, decided.voucher.code)
    return encode_answer(_with_code(decided, decided.voucher, b64encode(sealed).decode()))


def shown_answer(codebook: Codebook, workspace_id: int, answer: Answer) -> Answer:
    """Return a stored answer as it was sent first: the code of its voucher opened."""
    decided = _decoder.decode(answer.body)
    if decided.voucher is None:
        return answer
    code = codebook.open(workspace_id, b64decode(decided.voucher.code))
    body = encode_answer(_with_code(decided, decided.voucher, code))
    return Answer(status=answer.status, body=body, replayed=answer.replayed)


def _with_code(decided: Decided, voucher: VoucherAnswer, code: str) -> Decided:
    return msgspec.structs.replace(decided, voucher=msgspec.structs.replace(voucher, code=code))
