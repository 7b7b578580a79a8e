"""A program in content-addressed parts, as versions are stored.

Every top-level field is a part, and every element of its lists; a part is named by the SHA-256 of its
canonical JSON. Versions that share a rule share its part, and equal programs have equal parts. The
manifest lists the fields in their order, each with the digest of its part or of its elements, so that
a version is read back byte for byte, whatever later releases add to the types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, TypeAlias

import msgspec

from perennial.core.document.document import plain_program
from perennial.core.document.earlier_documents import in_words_of_today
from perennial.core.document.program import Program
from perennial.core.terms.condition_document import DEC_HOOK

Manifest: TypeAlias = list[tuple[str, str | list[str]]]
"""Fields with the digest (in hex) of their part, or with those of their elements."""


class Parts(msgspec.Struct, frozen=True):
    """The parts of one program: its manifest, and the canonical JSON of each part by its digest."""

    manifest: Manifest
    bodies: dict[str, str]

    @property
    def digest(self) -> str:
        """Return the digest of the whole program, in hex: equal programs have equal digests."""
        return manifest_digest(self.manifest)


def split_program(program: Program) -> Parts:
    """Return the parts of ``program``."""
    bodies: dict[str, str] = {}

    def keep(part: Any) -> str:
        body = json.dumps(part, ensure_ascii=False, separators=(",", ":"))
        digest = sha256(body.encode()).hexdigest()
        bodies[digest] = body
        return digest

    manifest: Manifest = [
        (field, [keep(element) for element in part] if isinstance(part, list) else keep(part))
        for field, part in plain_program(program).items()
    ]
    return Parts(manifest, bodies)


def join_parts(manifest: Manifest, bodies: Mapping[str, str]) -> dict[str, Any]:
    """Return the plain program whose parts these are; raise ``KeyError`` where one is missing."""
    return {
        field: [json.loads(bodies[digest]) for digest in part]
        if isinstance(part, list)
        else json.loads(bodies[part])
        for field, part in manifest
    }


def manifest_digest(manifest: Manifest) -> str:
    """Return the digest of a whole program, in hex: equal programs have equal digests."""
    return sha256(json.dumps(manifest).encode()).hexdigest()


def digests_of(manifest: Manifest) -> set[str]:
    """Return the digests of all parts that the manifest names."""
    return {digest for _, part in manifest for digest in (part if isinstance(part, list) else [part])}


def decode_published(plain: dict[str, Any]) -> Program:
    """Read a program that was published before; it was checked then, and must decode for ever."""
    return msgspec.convert(in_words_of_today(plain), Program, dec_hook=DEC_HOOK)
