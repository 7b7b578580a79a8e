"""What must be right about messages beyond types: what they are sent for, how often, and their templates."""

from __future__ import annotations

from perennial.core.conditions.check import line_place, rule_place
from perennial.core.findings import Findings
from perennial.core.kinds.liquid import UNSUBSCRIBE, check_template
from perennial.core.kinds.message import Markup, Message, Template
from perennial.core.labels import trigger_called
from perennial.core.validation.limits import check_limits, place_of_message

_ORDER_PAID = "order.paid"


def check_messages(findings: Findings) -> None:
    """Check the messages of the program and of its campaigns."""
    program = findings.program
    paths = [(f"messages[{i}]", message) for i, message in enumerate(program.messages)]
    paths += [
        (f"campaigns[{c}].messages[{i}]", message)
        for c, campaign in enumerate(program.campaigns)
        for i, message in enumerate(campaign.messages)
    ]
    findings.unique([(path, message.id) for path, message in paths], "message")
    for path, message in paths:
        _check_message(findings, path, message)


def _check_message(findings: Findings, path: str, message: Message) -> None:
    is_known = findings.known(f"{path}.trigger", "event to trigger on", message.trigger, findings.triggers)
    findings.schedule(f"{path}.schedule", message.schedule)
    findings.span(f"{path}.cooldown", message.cooldown)
    findings.span(f"{path}.valid_for", message.valid_for)
    findings.all_known(f"{path}.shared_limits", "shared limit", message.shared_limits, findings.shared_limits)
    if is_known:
        place = place_of_message(findings.program, message)
        check_limits(findings, path, message.limits, message.shared_limits, place)
        findings.condition(f"{path}.when", message.when, rule_place(message.trigger))
    if message.trigger == _ORDER_PAID:
        findings.condition(f"{path}.lines", message.lines, line_place())
    elif message.lines is not None:
        words = f"only orders have lines; this message is triggered by {trigger_called(message.trigger)}"
        findings.add(f"{path}.lines", "no_lines", words)
    for template in message.templates():
        _check_template(findings, f"{path}.{template.field}", message, template)


def _check_template(findings: Findings, path: str, message: Message, template: Template) -> None:
    """Check that a template can be read, and that it names what there is for such a message."""
    if template.markup is Markup.LINE and len(template.source.splitlines()) > 1:
        findings.add(path, "one_line", "this is one line of text")
    for named in check_template(template, lambda code, words: findings.add(path, code, words)):
        match named.path:
            case ("wallets", wallet, *_) if wallet not in findings.wallets:
                listed = ", ".join(findings.wallets)
                words = f'there is no wallet "{wallet}" in line {named.line}; this program has {listed}'
                findings.add(path, "unknown_reference", words)
            case (name, *_) if name == UNSUBSCRIBE and message.purpose is None:
                words = f"line {named.line}: only a message with a purpose can be unsubscribed from"
                findings.add(path, "no_purpose", words)
