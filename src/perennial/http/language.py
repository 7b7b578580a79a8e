"""In which language an answer speaks, where it has words for people."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter

from perennial.core.languages import LANGUAGES

LanguageName = Annotated[
    str, QueryParameter(pattern=f"^({'|'.join(LANGUAGES)})$", description="the language of what people read")
]
