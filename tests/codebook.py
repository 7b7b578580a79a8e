"""The secret of every installation in the tests, and what finds and seals codes under it."""

from __future__ import annotations

from perennial.store.codes.codebook import Codebook

SECRET = bytes(range(32))
CODEBOOK = Codebook(SECRET)
