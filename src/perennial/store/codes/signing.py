"""The signatures of a workspace at the till, and those of its devices: Ed25519.

Every workspace has a key pair of its own, derived from the installation's secret (HKDF): nothing of it is
stored, every worker has the same one, and it changes only with the secret.
"""

from __future__ import annotations

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class TillSigner:
    """Signs for every workspace of an installation; ``secret`` is the installation's."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._pairs: dict[int, tuple[Ed25519PrivateKey, bytes]] = {}

    def __repr__(self) -> str:
        return "TillSigner()"

    def public_key(self, workspace_id: int) -> bytes:
        """Return the 32 bytes with which everybody can check what the workspace signed."""
        return self._pair(workspace_id)[1]

    def key_id(self, workspace_id: int) -> str:
        """Return a short name of the public key: another key has another one."""
        return sha256(self.public_key(workspace_id)).hexdigest()[:16]

    def sign(self, workspace_id: int, message: bytes) -> bytes:
        """Return the workspace's signature of ``message``: 64 bytes, always the same."""
        return self._pair(workspace_id)[0].sign(message)

    def is_signed(self, workspace_id: int, message: bytes, signature: bytes) -> bool:
        """Tell whether ``signature`` is the workspace's of ``message``."""
        return is_signed_by(self.public_key(workspace_id), message, signature)

    def _pair(self, workspace_id: int) -> tuple[Ed25519PrivateKey, bytes]:
        pair = self._pairs.get(workspace_id)
        if pair is None:
            purpose = f"perennial till: sign\x1f{workspace_id}".encode()
            seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(self._secret)
            private = Ed25519PrivateKey.from_private_bytes(seed)
            pair = self._pairs[workspace_id] = (private, private.public_key().public_bytes_raw())
        return pair


def is_public_key(key: bytes) -> bool:
    """Tell whether these bytes are a public key of Ed25519."""
    if len(key) != KEY_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        return False
    return True


def is_signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether ``signature`` of ``message`` was made with the private key of this public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
