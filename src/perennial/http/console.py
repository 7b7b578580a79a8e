"""The console: a page, its scripts and styles, as the build left them, at ``/console``.

Files of the build carry a hash in their name and stay good for ever; the page itself is asked for each
time, and answers every address below ``/console`` that is no file. It may run our scripts and call our
API, and nothing else: its headers forbid the rest, and style elements need the nonce of their page.
"""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, NamedTuple

from litestar import Request, Response, get
from litestar.params import PathParameter

from perennial.http.door.exchange import headers_of
from perennial.http.door.operation import connection_of
from perennial.http.door.problems import bad_request

_PAGE = "index.html"
_NONCE_HOLE = b'nonce=""'
_NONCE_BYTES = 18
_HASHED = "assets/"
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".json": "application/json",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_AN_HOUR = "public, max-age=3600"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


Address = Annotated[str, PathParameter(description="what the page draws, or a file of the build")]


class BuiltFile(NamedTuple):
    """A file of the build: its type, and its bytes plain and in the encodings that make it smaller."""

    media_type: str
    plain: bytes
    encoded: dict[str, bytes]


def build_folder() -> Path | None:
    """Return where the build of the console is: inside an installed package, or beside the source."""
    package = Path(__file__).parents[1] / "console"
    checkout = Path(__file__).parents[3] / "web" / "apps" / "console" / "dist"
    return next((each for each in (package, checkout) if (each / _PAGE).is_file()), None)


@cache
def _built() -> dict[str, BuiltFile]:
    """Return all files of the build by their path, read once; empty where there is no build."""
    folder = build_folder()
    if folder is None:
        return {}
    names = [each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()]
    return {
        name: BuiltFile(
            media_type=_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream"),
            plain=(folder / name).read_bytes(),
            encoded={
                encoding: (folder / f"{name}{suffix}").read_bytes()
                for encoding, suffix in _ENCODINGS
                if f"{name}{suffix}" in names
            },
        )
        for name in names
        if not name.endswith((".br", ".gz")) and not name.startswith(".")
    }


@get("/", include_in_schema=False, status_code=302)
async def root_get() -> Response[bytes]:
    """Whoever opens the bare address of the server wants the page for people."""
    return Response(content=b"", status_code=302, headers={"Location": "/console"})


@get("/console", include_in_schema=False, opt={"any_query": True})
async def console_get() -> Response[bytes]:
    """The page."""
    return _page()


@get("/console/{path:path}", include_in_schema=False, opt={"any_query": True})
async def console_file(request: Request[Any, Any, Any], path: Address) -> Response[bytes]:
    """A file of the build, or the page, which draws whatever the address names."""
    name = path.strip("/")
    file = _built().get(name)
    if file is not None and name != _PAGE:
        return _file(request, name, file)
    if name.startswith(_HASHED):
        raise bad_request(404, "not_found", "There is no such file of the console; load the page again.")
    return _page()


def _page() -> Response[bytes]:
    page = _built().get(_PAGE)
    if page is None:
        raise bad_request(404, "not_found", "The console was not built: run make setup.")
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    return Response(
        content=page.plain.replace(_NONCE_HOLE, f'nonce="{nonce}"'.encode(), 1),
        media_type="text/html",
        headers={
            **_HEADERS,
            "Cache-Control": "no-store",
            "Content-Security-Policy": _POLICY.format(nonce=nonce),
        },
    )


def _file(request: Request[Any, Any, Any], name: str, file: BuiltFile) -> Response[bytes]:
    headers = {
        **_HEADERS,
        "Cache-Control": _FOR_EVER if name.startswith(_HASHED) else _FOR_AN_HOUR,
        "Vary": "Accept-Encoding",
    }
    taken = _taken(headers_of(connection_of(request)).get(b"accept-encoding", b"").decode("latin-1"))
    for encoding, content in file.encoded.items():
        if encoding in taken:
            headers["Content-Encoding"] = encoding
            return Response(content=content, media_type=file.media_type, headers=headers)
    return Response(content=file.plain, media_type=file.media_type, headers=headers)


def _taken(accepts: str) -> set[str]:
    """Return the encodings that a browser takes; with a quality of 0 it takes none."""
    found = set()
    for part in accepts.split(","):
        name, _, quality = part.partition(";")
        if quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            found.add(name.strip().lower())
    return found


CONSOLE_ROUTES = [root_get, console_get, console_file]
