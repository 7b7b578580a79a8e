"""An e-mail: a subject, a plain text, and the same as HTML where that is wanted."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from perennial.core.kinds.message import Markup, Message, Template

Subject = Annotated[str, Meta(min_length=1, max_length=500, description="one line, in Liquid")]
Text = Annotated[str, Meta(min_length=1, max_length=20_000, description="plain text, in Liquid")]
Html = Annotated[str, Meta(min_length=1, max_length=200_000, description="HTML, in Liquid")]


class Email(Message, frozen=True, tag="email"):
    """An e-mail to the address of the customer, in Liquid: ``{{ customer.first_name }}``.

    ``subject`` is one line and ``body`` plain text. With ``html`` whoever can read that sees it instead; what
    is put into it is escaped.
    """

    subject: Subject
    body: Text
    html: Html | None = None

    example: ClassVar[str] = """\
id: welcome-gold
type: email
name: Welcome to gold
trigger: tier.entered
when: {fact: event.tier, is: gold}
limits: [{times: 1, every: year}]
purpose: marketing
subject: "Welcome to gold, {{ customer.first_name | default: 'friend' }}"
body: |
  You have reached gold. You have {{ wallets.points.available }} points.
"""

    def templates(self) -> tuple[Template, ...]:
        """Return the subject, the text, and the HTML if there is any."""
        texts = (
            Template("subject", self.subject, Markup.LINE),
            Template("body", self.body, Markup.TEXT),
        )
        return texts if self.html is None else (*texts, Template("html", self.html, Markup.HTML))
