"""The page behind a link to unsubscribe: it asks, and the button withdraws the consent (RFC 8058).

Whoever opens the link changes nothing, for programs that look through mail open links. The button, and the
mail program's own, send a POST, which needs no session: the link itself says who it is about.
"""

from __future__ import annotations

import html
import secrets
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import PathParameter

from perennial.core.language import Language
from perennial.flows.messaging.unsubscribing import Subscription, read_token, unsubscribe
from perennial.http.door.door import Door
from perennial.http.door.operation import spoken_in


class _Words(msgspec.Struct, frozen=True):
    title: str
    ask: str
    button: str
    done: str
    unknown: str


_WORDS = {
    "en": _Words(
        "Unsubscribe",
        "Do you not want this e-mail any more?",
        "Unsubscribe",
        "You will not get this e-mail any more.",
        "This link is not whole. Please open it from the e-mail once more.",
    ),
    "zh-Hans": _Words(
        "退订",
        "您不想再收到此类邮件吗？",
        "退订",
        "您将不会再收到此类邮件。",
        "此链接不完整。请从邮件中重新打开。",
    ),
    "zh-Hant": _Words(
        "取消訂閱",
        "您不想再收到此類郵件嗎？",
        "取消訂閱",
        "您將不會再收到此類郵件。",
        "此連結不完整。請從郵件中重新開啟。",
    ),
    "ko": _Words(
        "수신 거부",
        "이 메일을 더 이상 받지 않으시겠습니까?",
        "수신 거부",
        "이 메일을 더 이상 보내지 않습니다.",
        "링크가 온전하지 않습니다. 메일에서 다시 열어 주세요.",
    ),
    "fa": _Words(
        "لغو اشتراک",
        "دیگر نمی‌خواهید این ایمیل را دریافت کنید؟",
        "لغو اشتراک",
        "دیگر این ایمیل را دریافت نخواهید کرد.",
        "این پیوند کامل نیست. لطفاً دوباره آن را از ایمیل باز کنید.",
    ),
}

_PAGE = """<!doctype html>
<html lang="{lang}" dir="{dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{title}</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark; }}
body {{ font: 1.0625rem/1.6 system-ui, sans-serif; margin: 0; background: #fff; color: #1b1b1b; }}
main {{ max-width: 30rem; margin: 15vh auto 0; padding: 0 1.25rem; }}
h1 {{ font-size: 1.5rem; line-height: 1.3; }}
button {{ font: inherit; padding: .65rem 1.4rem; border: 0; border-radius: .5rem; background: #1a5f3a;
  color: #fff; cursor: pointer; min-height: 2.75rem; }}
button:focus-visible {{ outline: 3px solid #7ab894; outline-offset: 2px; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: #161816; color: #eee; }}
  button {{ background: #8fd3ab; color: #10241a; }}
}}
</style>
</head>
<body><main><h1>{title}</h1>{content}</main></body>
</html>
"""

Token = Annotated[str, PathParameter(description="of the link")]


@get("/unsubscribe/{token:str}", include_in_schema=False, opt={"any_query": True})
async def unsubscribe_page(request: Request[Any, Any, Any], token: Token) -> Response[bytes]:
    """Asks whether to unsubscribe; nothing changes yet."""
    words, language = _spoken(request)
    if _subscription(request, token) is None:
        return _page(language, words.title, f"<p>{words.unknown}</p>", 404)
    button = f'<form method="post"><button type="submit">{words.button}</button></form>'
    return _page(language, words.title, f"<p>{words.ask}</p>{button}")


@post("/unsubscribe/{token:str}", status_code=200, include_in_schema=False, opt={"any_query": True})
async def unsubscribe_post(request: Request[Any, Any, Any], token: Token) -> Response[bytes]:
    """Withdraws the consent that the link is about; twice is once. The body, if there is any, is not read."""
    words, language = _spoken(request)
    subscription = _subscription(request, token)
    if subscription is None:
        return _page(language, words.title, f"<p>{words.unknown}</p>", 404)
    await unsubscribe(Door.of(request.app.state).handler, subscription)
    return _page(language, words.title, f"<p>{words.done}</p>")


def _subscription(request: Request[Any, Any, Any], token: str) -> Subscription | None:
    return read_token(Door.of(request.app.state).handler.codebook, token)


def _spoken(request: Request[Any, Any, Any]) -> tuple[_Words, Language]:
    language = spoken_in(request)
    return _WORDS[language.code], language


def _page(language: Language, title: str, content: str, status: int = 200) -> Response[bytes]:
    nonce = secrets.token_urlsafe(18)
    page = _PAGE.format(
        lang=language.code,
        dir="rtl" if language.right_to_left else "ltr",
        title=html.escape(title),
        nonce=nonce,
        content=content,
    )
    return Response(
        content=page.encode(),
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'self'; "
                "frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


UNSUBSCRIBE_PAGES = [unsubscribe_page, unsubscribe_post]
