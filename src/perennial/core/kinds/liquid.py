"""Templates in Liquid: how those of messages are read, what they may name, and what is wrong with one.

A template sees what it is given and nothing else: it loads no file and no other template. What it does ends
soon, however it is written, for it has no loops, and no value in it gets larger than a cap: so the work is
bounded by its length. Values are escaped in HTML, and no filter undoes that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from perennial.core.kinds.message import Markup, Template

if TYPE_CHECKING:
    from liquid import BoundTemplate, Environment
    from liquid.exceptions import LiquidError

UNSUBSCRIBE = "unsubscribe_url"
"""The variable that holds where somebody ends the consent for a message's purpose."""

VARIABLES = ("customer", "event", "order", "program", "tier", UNSUBSCRIBE, "wallets")
"""What a template of a message may name: the customer, what happened, and where the member stands."""

MAX_RENDERED = 500_000
"""So many bytes may become of a template."""

MAX_VALUE = 50_000
"""So long may a value get within a template."""

_MAX_DATE = 100  # to read one takes longer than its length
_MAX_NUMBER = 10**18

_TAGS = frozenset(("assign", "capture", "case", "comment", "if", "unless"))
_ALWAYS = frozenset(("content", "illegal", "output", "#"))

# None of these makes much out of little, or looks at a text again and again.
_FILTERS = frozenset(
    (
        *("abs", "at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round"),
        *("append", "capitalize", "date", "default", "downcase", "escape", "lstrip", "newline_to_br"),
        *("prepend", "remove", "rstrip", "size", "slice", "strip", "times", "truncate", "truncatewords"),
        *("upcase", "url_encode"),
    )
)
_PART = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_SHOWN = 40

Complain: TypeAlias = Callable[[str, str], None]
"""Notes a problem by its code and its words."""


class Named(msgspec.Struct, frozen=True):
    """A variable that a template names from outside: ``path`` as ``wallets.points``, and its line, from 1."""

    path: tuple[str, ...]
    line: int


@cache
def environment(markup: Markup) -> Environment:
    """Return what reads and renders templates that become ``markup``: strict, bounded, without files."""
    # Most processes never see a template, and reading the library takes a quarter of a second.
    from liquid import Environment, Mode  # noqa: PLC0415

    class Bounded(Environment):
        local_namespace_limit = MAX_RENDERED
        output_stream_limit = MAX_RENDERED

    made = Bounded(tolerance=Mode.STRICT, strict_filters=True, autoescape=markup is Markup.HTML)
    made.tags = {name: tag for name, tag in made.tags.items() if name in _TAGS | _ALWAYS}
    made.filters = {
        name: _capped(filter_, _MAX_DATE if name == "date" else MAX_VALUE)
        for name, filter_ in made.filters.items()
        if name in _FILTERS
    }
    return made


def _capped(filter_: Callable[..., Any], longest: int) -> Callable[..., Any]:
    """Return a filter that takes and gives nothing larger than the caps."""

    @wraps(filter_)
    def capped(*given: Any, **named: Any) -> Any:
        for each in given:
            _check_size(each, longest)
        result = filter_(*given, **named)
        _check_size(result, MAX_VALUE)
        return result

    return capped


def _check_size(value: object, longest: int) -> None:
    from liquid.exceptions import ResourceLimitError  # noqa: PLC0415

    if isinstance(value, str):
        too_large = len(value) > longest
    else:
        too_large = isinstance(value, int) and abs(value) > _MAX_NUMBER
    if too_large:
        raise ResourceLimitError("a value gets too large", token=None)


@lru_cache(maxsize=256)
def parse(template: Template) -> BoundTemplate:
    """Return a template that can be rendered; raises ``liquid.exceptions.LiquidError``."""
    return environment(template.markup).from_string(template.source)


def check_template(template: Template, complain: Complain) -> tuple[Named, ...]:
    """Find what is wrong with a template; return the known variables that it names."""
    from liquid.exceptions import LiquidError  # noqa: PLC0415

    source = template.source
    try:
        found = parse(template).analyze(include_partials=False)
    except LiquidError as error:
        complain(*_unreadable(template, error))
        return ()
    known = environment(template.markup).filters
    for name, places in found.filters.items():
        if name not in known:
            words = f'Liquid has no filter "{name}" (line {_line(source, places[0].index)})'
            complain("unknown_filter", words)
    named: list[Named] = []
    for name, variables in found.globals.items():
        line = _line(source, variables[0].span.index)
        if name not in VARIABLES:
            listed = ", ".join(VARIABLES)
            complain("unknown_variable", f'there is no "{name}" in line {line}: a message knows {listed}')
            continue
        for variable in variables:
            path = tuple(str(part) for part in variable.segments)
            named.append(Named(path, _line(source, variable.span.index)))
    return tuple(named)


def _unreadable(template: Template, error: LiquidError) -> tuple[str, str]:
    """Return the code and the words for a template that is no Liquid."""
    source, token = template.source, error.token
    if token is not None and token.kind == "tag":
        line = _line(source, token.start_index)
        if token.value not in environment(template.markup).tags:
            return "unknown_tag", f'Liquid has no tag "{token.value}" (line {line})'
        return "no_liquid", f'this is no Liquid: "{token.value}" in line {line}'
    if token is None or token.start_index < 0:
        part = next(_broken(template), None)
        if part is None:
            return "no_liquid", "this is no Liquid: something that was opened is not ended"
        return "no_liquid", _no_liquid(source, *part)
    return "no_liquid", _no_liquid(source, token.start_index, source[token.start_index :])


def _no_liquid(source: str, index: int, text: str) -> str:
    shown = text.partition("\n")[0].replace('"', "'")[:_SHOWN]
    return f'this is no Liquid: "{shown}" in line {_line(source, index)}'


def _broken(template: Template) -> Iterator[tuple[int, str]]:
    """Yield the outputs that cannot be read by themselves, with where they are: not every error says it."""
    from liquid.exceptions import LiquidError  # noqa: PLC0415

    for part in _PART.finditer(template.source):
        try:
            environment(template.markup).from_string(part[0])
        except LiquidError:
            yield part.start(), part[0]


def _line(source: str, index: int) -> int:
    return source.count("\n", 0, max(index, 0)) + 1
