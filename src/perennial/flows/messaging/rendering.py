"""The texts of a message as one customer gets them."""

from __future__ import annotations

from collections.abc import Mapping

from perennial.core.kinds.liquid import parse
from perennial.core.kinds.message import Markup, Message


class TemplateError(Exception):
    """A text of a message cannot be written for a customer: ``field`` of the document, and why."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(f"{field}: {words}")
        self.field = field
        self.words = words


def render(message: Message, values: Mapping[str, object]) -> dict[str, str]:
    """Return the texts of a message by the fields of the document; raises :class:`TemplateError`.

    A value that is not there is empty. In HTML every value is escaped; what is to be one line is one.
    """
    from liquid.exceptions import LiquidError  # noqa: PLC0415 - as where templates are read

    texts = {}
    for template in message.templates():
        try:
            text = parse(template).render(**values)
        except LiquidError as error:
            raise TemplateError(template.field, str(error.message or "cannot be written")) from error
        except (ValueError, TypeError, ArithmeticError, OSError, RecursionError) as error:
            raise TemplateError(template.field, "cannot be written") from error
        texts[template.field] = " ".join(text.split()) if template.markup is Markup.LINE else text
    return texts
