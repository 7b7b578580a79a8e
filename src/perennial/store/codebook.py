"""How codes are stored: found by a keyed hash, and sealed, under a secret that the database does not hold.

Whoever has a copy of the database can neither read a code nor try codes out against it. The keys are
derived from the installation's secret (HKDF), one to find codes and one to seal them (AES-GCM).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from perennial.core.code_entry import entered_forms
from perennial.core.codes import Codes, IssuedCode, pattern_of
from perennial.store.database import Id

MIN_SECRET_BYTES = 32
_NONCE_BYTES = 12


class SealedError(RuntimeError):
    """What was sealed cannot be opened: with another secret, or in another workspace."""


class Codebook:
    """Finds, seals and opens the codes of every workspace; ``secret`` has at least 32 random bytes."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < MIN_SECRET_BYTES:
            raise ValueError(f"the secret has {len(secret)} bytes, and needs {MIN_SECRET_BYTES}")
        self._finding = _derive(secret, b"perennial codes: find")
        self._sealing = AESGCM(_derive(secret, b"perennial codes: seal"))
        self.fingerprint = _derive(secret, b"perennial secret: fingerprint")[:16]
        """Tells two secrets apart, and says nothing about either."""

    def __repr__(self) -> str:
        return "Codebook()"

    def hash_of(self, workspace_id: int, form: str) -> UUID:
        """Return the key under which the code with this form is found in a workspace."""
        return Id(self.mac(workspace_id, "code", form.encode())[:16])

    def hashes_of(self, workspace_id: int, entered: str) -> tuple[UUID, ...]:
        """Return every key under which a code may be found that somebody entered, the likeliest first."""
        return tuple(self.hash_of(workspace_id, form) for form in entered_forms(entered))

    def issue(self, workspace_id: int, codes: Codes, text: str) -> IssuedCode:
        """Return a code of a pool as it is stored."""
        code_hash = self.hash_of(workspace_id, pattern_of(codes).form(text))
        return IssuedCode(text, code_hash, self.seal(workspace_id, text))

    def draw(self, workspace_id: int, codes: Codes) -> IssuedCode:
        """Return a new code, made by the pattern of a pool."""
        pattern = pattern_of(codes)
        return self.issue(workspace_id, codes, pattern.write(secrets.randbelow(pattern.space)))

    def draw_many(self, workspace_id: int, codes: Codes, count: int) -> list[IssuedCode]:
        """Return ``count`` new codes, all of them different."""
        drawn = (self.draw(workspace_id, codes) for _ in range(count))
        return list({code.code_hash: code for code in drawn}.values())

    def seal(self, workspace_id: int, text: str) -> bytes:
        """Return ``text`` so that only this secret opens it, in this workspace."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, text.encode(), str(workspace_id).encode())

    def open(self, workspace_id: int, sealed: bytes) -> str:
        """Return what :meth:`seal` was given; raises :class:`SealedError`."""
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._sealing.decrypt(nonce, body, str(workspace_id).encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealedError("a code was sealed with another secret than this one") from error

    def mac(self, workspace_id: int, purpose: str, body: bytes) -> bytes:
        """Return 32 bytes that tell ``body`` from any other; only with the secret can they be tried out."""
        return hmac.digest(self._finding, f"{workspace_id}\x1f{purpose}\x1f".encode() + body, "sha256")


def first_found(
    hashes: Iterable[UUID], found: dict[UUID, tuple[int, UUID, UUID]]
) -> tuple[int, UUID, UUID] | None:
    """Return the bucket, customer and voucher of the likeliest of the ``hashes`` that was found."""
    return next((found[each] for each in hashes if each in found), None)


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
