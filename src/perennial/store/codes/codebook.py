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

from perennial.core.codes.codes import Codes, IssuedCode, pattern_of
from perennial.core.codes.entry import entered_forms, plain_form
from perennial.store.codes.signing import TillSigner
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
        self.till = TillSigner(secret)
        """Signs what is shown and given to devices at the till."""

    def __repr__(self) -> str:
        return "Codebook()"

    def hash_of(self, workspace_id: int, form: str) -> UUID:
        """Return the key under which the code with this form is found in a workspace."""
        return Id(self.mac(workspace_id, "code", form.encode())[:16])

    def hashes_of(self, workspace_id: int, entered: str) -> tuple[UUID, ...]:
        """Return every key under which a code may be found that somebody entered, the likeliest first."""
        finding, prefix = self._finding, self._prefix(workspace_id, "code")
        return tuple(
            [
                Id(hmac.digest(finding, prefix + form.encode(), "sha256")[:16])
                for form in entered_forms(entered)
            ]
        )

    def likeliest_hash_of(self, workspace_id: int, entered: str) -> UUID:
        """Return the first of :meth:`hashes_of`; of what is no code, something that tells it from others."""
        return self.hash_of(workspace_id, plain_form(entered) or entered)

    def issue(self, workspace_id: int, codes: Codes, text: str) -> IssuedCode:
        """Return a code of a pool as it is stored."""
        return self._issue(workspace_id, text, pattern_of(codes).form(text))

    def draw(self, workspace_id: int, codes: Codes) -> IssuedCode:
        """Return a new code, made by the pattern of a pool."""
        pattern = pattern_of(codes)
        return self._issue(workspace_id, *pattern.write(secrets.randbelow(pattern.space)))

    def _issue(self, workspace_id: int, text: str, form: str) -> IssuedCode:
        return IssuedCode(text, self.hash_of(workspace_id, form), self.seal(workspace_id, text))

    def draw_many(self, workspace_id: int, codes: Codes, count: int) -> list[IssuedCode]:
        """Return ``count`` new codes, or fewer where some were drawn twice; the work of many is shared."""
        pattern = pattern_of(codes)
        write, space, finding, encrypt = pattern.write, pattern.space, self._finding, self._sealing.encrypt
        prefix, wall = self._prefix(workspace_id, "code"), str(workspace_id).encode()
        # So many more bits than a number has that each is as likely as any other, by all that can be told.
        width = _NONCE_BYTES + (space.bit_length() + 71) // 8
        random = secrets.token_bytes(count * width)
        drawn = {}
        for start in range(0, count * width, width):
            nonce = random[start : start + _NONCE_BYTES]
            number = int.from_bytes(random[start + _NONCE_BYTES : start + width])
            text, form = write(number % space)
            code_hash = Id(hmac.digest(finding, prefix + form.encode(), "sha256")[:16])
            drawn[code_hash] = IssuedCode(text, code_hash, nonce + encrypt(nonce, text.encode(), wall))
        return list(drawn.values())

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
        return hmac.digest(self._finding, self._prefix(workspace_id, purpose) + body, "sha256")

    def _prefix(self, workspace_id: int, purpose: str) -> bytes:
        return f"{workspace_id}\x1f{purpose}\x1f".encode()


def first_found(
    hashes: Iterable[UUID], found: dict[UUID, tuple[int, UUID, UUID]]
) -> tuple[int, UUID, UUID] | None:
    """Return the bucket, customer and voucher of the likeliest of the ``hashes`` that was found."""
    return next((found[each] for each in hashes if each in found), None)


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
