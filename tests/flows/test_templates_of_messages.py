"""The texts of messages: what is missing is empty, HTML is escaped, and no template takes or makes much."""

from __future__ import annotations

from decimal import Decimal

import pytest

from perennial.core.kinds.liquid import MAX_RENDERED, MAX_VALUE
from perennial.core.messages.email import Email
from perennial.flows.messaging.rendering import TemplateError, render

VALUES = {
    "customer": {"first_name": "<b>Anna & co</b>", "id": "anna"},
    "wallets": {"points": {"available": 12}, "money": {"available": Decimal("12.50")}},
}


def _write(body: str, html: str | None = None) -> dict[str, str]:
    return render(Email(id="hi", subject="Hi {{ customer.first_name }}", body=body, html=html), VALUES)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ customer.last_name }}{{ nothing }}{{ tier.name }}{{ customer.a.b.c }}", ""),
        ("{{ customer.last_name | default: 'friend' }}", "friend"),
        ("{{ wallets.points.available }} and {{ wallets.money.available }}", "12 and 12.50"),
        ("{% if wallets.points.available >= 12 %}many{% else %}few{% endif %}", "many"),
        ("{% unless tier.id %}none{% endunless %}", "none"),
        ("{% assign left = 100 | minus: wallets.points.available %}{{ left }}", "88"),
        ("{{ '2026-03-04' | date: '%d.%m.%Y' }}", "04.03.2026"),
    ],
)
def test_what_templates_can_say(template: str, text: str) -> None:
    """Values, what to say where there is none, conditions, a little arithmetic."""
    assert _write(template)["body"] == text


def test_only_html_is_escaped() -> None:
    """A name is a name in the subject and the text, and no markup in HTML, whatever a template does to it."""
    texts = _write("{{ customer.first_name }}", "<i>{{ customer.first_name | append: '<u>' }}</i>")
    assert texts["subject"] == "Hi <b>Anna & co</b>"
    assert texts["body"] == "<b>Anna & co</b>"
    assert "<b>" not in texts["html"]
    assert texts["html"].startswith("<i>&lt;b&gt;Anna &amp; co")


def test_a_subject_is_one_line() -> None:
    """Whatever is put into it."""
    message = Email(id="hi", subject="Hi {{ customer.x }}\t!", body="x")
    assert render(message, {"customer": {"x": "a\r\nBcc: b"}})["subject"] == "Hi a Bcc: b !"


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{% assign a = 'xx' %}" + "{% assign a = a | append: a %}" * 60 + "{{ a }}",
        "{% assign a = 9 %}" + "{% assign a = a | times: a %}" * 60 + "{{ a }}",
        f"{{% assign a = '{'x' * 9_000}' %}}{{{{ a {'| append: a ' * 500}}}}}",
        f"{{% capture a %}}{'x' * 9_000}{{% endcapture %}}" + "{{ a }}" * 100,
        f"{{{{ '{'1' * 200}' | date: '%Y' }}}}",
        "{{ 1 | divided_by: 0 }}",
        "{% if 'a' > 1 %}{% endif %}",
        "{% include 'x' %}",
        "{{ 'x' | replace: '', 'y' }}",
        "{{ customer.first_name | safe }}",
        "{{ a",
        "{% if " + " and ".join(["a"] * 3_000) + " %}{% endif %}",
    ],
)
def test_what_would_take_or_make_too_much_fails(template: str) -> None:
    """It is told by its field, and ends at once: loops and the like are not there at all."""
    with pytest.raises(TemplateError) as raised:
        _write(template)
    assert raised.value.field == "body"
    assert raised.value.words


def test_as_much_as_is_allowed_is_written() -> None:
    """The caps are those of a value and of the whole."""
    assert len(_write("{{ customer.id | append: '" + "x" * 9_000 + "' }}")["body"]) == 9_004
    assert MAX_VALUE < MAX_RENDERED
