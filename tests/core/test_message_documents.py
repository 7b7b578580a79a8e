"""Messages in documents: what cannot be published, what changed, what it costs, what cases say of it."""

from __future__ import annotations

import json

import pytest

from perennial.core.campaigns.calendar import countries_of
from perennial.core.cases.case_file import Case, read_case
from perennial.core.cases.cases import run_case
from perennial.core.document.document import plain_program, program_of, read_program, write_program
from perennial.core.document.program import Program
from perennial.core.document.program_cost import cost_of
from perennial.core.explaining.program_diff import diff
from perennial.core.find_flaws import find_flaws
from perennial.core.messages import KINDS
from perennial.core.problems import Problem
from perennial.core.validation.validation import validate
from perennial.units import parse_instant

TEXT = """\
program: shop
name: Shop
currency: EUR
time_zone: Europe/Berlin
wallets: [{id: points, name: Points}]
declarations: {events: {review.posted: {attributes: {shop: {type: text}}}}}
earning_rules: [{id: base, type: per_amount, points: 1, per: 100}]
limits: [{id: weekly, times: 2, every: week}, {id: many, points: 500}]
campaigns:
  - id: autumn
    messages: [{id: more, type: email, subject: More, body: There is more.}]
messages:
  - id: thanks
    type: email
    when: {fact: order.total, at_least: 1000}
    limits: [{times: 3, every: month}]
    shared_limits: [weekly]
    purpose: marketing
    subject: "Thank you, {{ customer.first_name | default: 'friend' }}"
    body: |
      You have {{ wallets.points.available }} points.

      {{ unsubscribe_url }}
"""


def read(text: str) -> Program:
    """Read a document whose types are right."""
    program = read_program(text)
    assert isinstance(program, Program), program
    return program


def changed(old: str, new: str) -> str:
    """Return the document with one thing in it changed."""
    assert TEXT.count(old) == 1
    return TEXT.replace(old, new)


def test_the_document_can_be_published_and_is_written_as_it_is_read() -> None:
    """Nothing is wrong with it; a text of several lines stays one of several lines."""
    program = read(TEXT)
    assert validate(program) == []
    written = write_program(program)
    assert "  body: |\n    You have {{ wallets.points.available }} points.\n\n" in written
    assert read(written) == program


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_example_that_can_be_published(kind: str) -> None:
    """The example of the documentation, in a program that has the tier which it asks about."""
    message = "\n".join(f"    {line}" for line in KINDS[kind].example.splitlines())
    gold = "{id: gold, name: Gold, reach: {metric: 9}}"
    tiers = f"{{metrics: [{{measure: orders.net}}], levels: [{gold}], lasts: life}}"
    head = f"program: p\nname: P\nwallets: [{{id: points, name: Points}}]\ntiers: {tiers}\nmessages:\n  -\n"
    assert validate(read(head + message)) == []


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("id: more,", "id: thanks,", "campaigns[0].messages[0].id", "duplicate_id"),
        ("    when:", "    trigger: nothing\n    when:", "messages[0].trigger", "unknown_reference"),
        ("order.total,", "order.sum,", "messages[0].when.fact", "unknown_fact"),
        (
            "    limits:",
            "    lines: {fact: line.color, is: red}\n    limits:",
            "messages[0].lines.fact",
            "unknown_fact",
        ),
        ("{times: 3,", "{points: 3,", "messages[0].limits[0].points", "points_or_times"),
        ("{times: 3,", "{order_value: 3,", "messages[0].limits[0].order_value", "points_or_times"),
        ("{times: 3,", "{per: total, customers: 3,", "messages[0].limits[0].customers", "points_or_times"),
        ("{times: 3,", "{discount: 3,", "messages[0].limits[0].discount", "points_or_times"),
        ("{times: 3,", "{times: 0,", "messages[0].limits[0]", "limit_of_nothing"),
        ("[weekly]", "[many]", "messages[0].shared_limits[0]", "points_or_times"),
        ("[weekly]", "[daily]", "messages[0].shared_limits[0]", "unknown_reference"),
        ("    purpose:", "    cooldown: {}\n    purpose:", "messages[0].cooldown", "empty_span"),
        ("    purpose:", "    valid_for: {}\n    purpose:", "messages[0].valid_for", "empty_span"),
        ("    purpose: marketing\n", "", "messages[0].body", "no_purpose"),
        (
            "    purpose:",
            "    schedule: {starts: soon}\n    purpose:",
            "messages[0].schedule.starts",
            "bad_moment",
        ),
        ("wallets.points.", "wallets.stars.", "messages[0].body", "unknown_reference"),
        ("{{ unsubscribe_url }}", "{{ secret }}", "messages[0].body", "unknown_variable"),
        ("{{ unsubscribe_url }}", "{{ 'a' | shout }}", "messages[0].body", "unknown_filter"),
        ("{{ unsubscribe_url }}", "{{ customer.name | safe }}", "messages[0].body", "unknown_filter"),
        ("{{ unsubscribe_url }}", "{% include 'other' %}", "messages[0].body", "unknown_tag"),
        ("{{ unsubscribe_url }}", "{% render 'other' %}", "messages[0].body", "unknown_tag"),
        ("{{ unsubscribe_url }}", "{% for w in wallets %}{% endfor %}", "messages[0].body", "unknown_tag"),
        ("{{ unsubscribe_url }}", "{{ customer. }}", "messages[0].body", "no_liquid"),
        ("{{ unsubscribe_url }}", "{% if tier %}", "messages[0].body", "no_liquid"),
        ("{{ unsubscribe_url }}", "{{ a", "messages[0].body", "no_liquid"),
        ("'friend' }}\"", "'friend' }}\\nBcc: all\"", "messages[0].subject", "one_line"),
    ],
)
def test_what_is_wrong_has_a_path_and_a_code(old: str, new: str, path: str, code: str) -> None:
    """Each mistake is found where it is made, and alone."""
    assert [(each.path, each.code) for each in validate(read(changed(old, new)))] == [(path, code)]


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("    purpose:", "    text: hello\n    purpose:", "messages[0].text", "unknown_field"),
        ("purpose: marketing", "purpose: Marketing", "messages[0].purpose", "malformed"),
        ("    type: email\n    when", "    type: sms\n    when", "messages[0].type", "unknown_value"),
        ("    type: email\n    when", "    when", "messages[0].type", "missing"),
        ("subject: More, ", "", "campaigns[0].messages[0].subject", "missing"),
        ("body: There is more.", "body: ''", "campaigns[0].messages[0].body", "too_short"),
        ("body: There is more.", f"body: {'a' * 20_001}", "campaigns[0].messages[0].body", "too_long"),
    ],
)
def test_what_no_message_can_be_is_found_on_reading(old: str, new: str, path: str, code: str) -> None:
    """Unknown fields, kinds and forms of names, and texts of no or too great a length."""
    found = read_program(changed(old, new))
    assert isinstance(found, list)
    assert [(each.path, each.code) for each in found] == [(path, code)]


def test_problems_of_templates_name_the_line() -> None:
    """The line is counted within the template, also where the library does not say it."""
    words = {
        "{{ unsubscribe_url | shout }}": 'Liquid has no filter "shout" (line 3)',
        "{{ secret.code }}": (
            'there is no "secret" in line 3: a message knows customer, event, order, program, tier, '
            "unsubscribe_url, wallets"
        ),
        "{{ customer.name | }}": 'this is no Liquid: "{{ customer.name | }}" in line 3',
        "{% if = %}x{% endif %}": 'this is no Liquid: "= %}x{% endif %}" in line 3',
    }
    for template, said in words.items():
        [problem] = validate(read(changed("{{ unsubscribe_url }}", template)))
        assert problem == Problem("messages[0].body", problem.code, said)


def test_what_a_template_makes_by_itself_may_be_named() -> None:
    """Variables that are assigned or captured are no unknown ones."""
    template = "{% assign name = customer.first_name %}{% capture all %}{{ name }}{% endcapture %}{{ all }}"
    assert validate(read(changed("{{ unsubscribe_url }}", template))) == []


def test_a_campaign_may_consist_of_a_message_alone() -> None:
    """It is empty without anything, and not with a message."""
    assert validate(read(TEXT)) == []
    empty = changed(
        "    messages: [{id: more, type: email, subject: More, body: There is more.}]\n", "    priority: 1\n"
    )
    assert [each.code for each in validate(read(empty))] == ["empty"]


def test_experiments_know_messages() -> None:
    """A part that is named has to be there, and one that is tried twice is a problem."""
    variants = "[{id: a, weight: 500}, {id: b, weight: 500, replace: {messages: {thanks: %s}}}]"
    trial = "experiments:\n  - {id: tone, variants: %s}\n"
    assert validate(read(TEXT + trial % (variants % "more"))) == []
    [problem] = validate(read(TEXT + trial % (variants % "nothing")))
    assert (problem.path, problem.words) == (
        "experiments[0].variants[1].replace.messages.thanks",
        'there is no message "nothing"; this program has thanks, more',
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "{times: 3,",
            "{times: 4,",
            (
                "message “thanks”: limits changed from (times: 3, in every: month) "
                "to (times: 4, in every: month)"
            ),
        ),
        ("id: thanks", "id: gratitude", "message “gratitude” added"),
        ("  You have {{", "  You own {{", "message “thanks”: other text"),
        (
            "    purpose: marketing\n",
            "    purpose: marketing\n    html: '" + "<p>hello</p>" * 30 + "'\n",
            "message “thanks”: the same as HTML added",
        ),
        ("id: more, type", "id: most, type", "message “most” (campaign “autumn”) added"),
        (
            "    purpose: marketing\n",
            "    purpose: marketing\n    valid_for: {hours: 6}\n",
            "message “thanks”: sent within changed from 3 days to 6 hours",
        ),
    ],
)
def test_changes_are_told_by_the_message(old: str, new: str, words: str) -> None:
    """Messages are matched by their ids, within the program and its campaigns; texts are not repeated."""
    assert words in [change.words for change in diff(read(TEXT), read(changed(old, new)))]


def test_conditions_of_messages_count_in_the_worst_case() -> None:
    """One comparison more, and what is asked of each line as often as an order may have lines."""
    before = cost_of(read(changed("    when: {fact: order.total, at_least: 1000}\n", ""))).comparisons
    assert cost_of(read(TEXT)).comparisons == before + 1
    lines = changed("    limits:", "    lines: {fact: line.sku, is: tea}\n    limits:")
    assert cost_of(read(lines)).comparisons == before + 1 + 1_000


def test_the_calendar_knows_the_holidays_that_messages_go_by() -> None:
    """The countries of schedules, wherever they stand."""
    assert countries_of(read(changed("    purpose:", "    schedule: {holidays: DE}\n    purpose:"))) == {"DE"}


CASE = """\
case: thanks
title: Whoever buys for 10.00 is thanked, three times a month and twice a week
program: %s
steps:
  - at: 2026-06-01 12:00
    customer: anna
    order: {id: o1, lines: [{sku: tea, amount: 1000}]}
    expect: {messages: [%s]}
  - at: 2026-06-01 13:00
    customer: anna
    order: {id: o2, lines: [{sku: tea, amount: 999}]}
    expect: {messages: [more]}
  - at: 2026-06-02 12:00
    customer: anna
    order: {id: o3, lines: [{sku: tea, amount: 1000}]}
    expect: {messages: [thanks, more]}
  - at: 2026-06-03 12:00
    customer: anna
    order: {id: o4, lines: [{sku: tea, amount: 1000}]}
    expect: {messages: [more]}
  - at: 2026-06-08 12:00
    customer: anna
    order: {id: o5, lines: [{sku: tea, amount: 1000}]}
    expect: {messages: [more, thanks]}
"""


@pytest.mark.parametrize(
    ("listed", "differences"),
    [
        ("thanks, more", []),
        ("more", ["messages should be more but are more, thanks"]),
        ("thanks, more, gift", ["messages should be gift, more, thanks but are more, thanks"]),
        ("", ["messages should be nothing but are more, thanks"]),
    ],
)
def test_a_case_lists_all_that_is_sent(listed: str, differences: list[str]) -> None:
    """What is listed is sent, and nothing else is; the limits of the program hold from step to step."""
    text = CASE % (json.dumps(plain_program(read(TEXT))), listed)
    case = read_case(text)
    assert isinstance(case, Case), case
    assert run_case(case).differences() == [f"step 1 (2026-06-01 12:00): {words}" for words in differences]


HOME = """\
case: home
title: Where households pool everything, a message is written to each of the people all the same
program:
  program: shop
  name: Shop
  time_zone: Europe/Berlin
  pool: all
  wallets: [{id: points, name: Points}]
  limits: [{id: mails, times: 1}, {id: both, times: 1}]
  earning_rules:
    - {id: gift, type: fixed, points: 5, limits: [{times: 1}]}
    - {id: more, type: fixed, points: 1, shared_limits: [both]}
  messages:
    - {id: own, type: email, subject: S, body: B, limits: [{times: 1}]}
    - {id: shared, type: email, subject: S, body: B, shared_limits: [mails]}
    - {id: rested, type: email, subject: S, body: B, cooldown: {days: 1}}
    - {id: with-rule, type: email, subject: S, body: B, shared_limits: [both]}
steps:
  - {at: 2026-06-01 10:00, customer: anna, household: home}
  - {at: 2026-06-01 10:00, customer: ben, household: home}
  - at: 2026-06-01 12:00
    customer: anna
    order: {id: o1, lines: [{sku: tea, amount: 1000}]}
    expect: {awards: {gift: 5, more: 1}, messages: [own, shared, rested]}
  - at: 2026-06-01 13:00
    customer: ben
    order: {id: o2, lines: [{sku: tea, amount: 1000}]}
    expect: {awards: {}, messages: [own, shared, rested]}
  - at: 2026-06-01 14:00
    customer: ben
    order: {id: o3, lines: [{sku: tea, amount: 1000}]}
    expect: {awards: {}, messages: []}
"""


def test_limits_of_messages_are_each_persons_own_in_a_household() -> None:
    """A gift is for the household once; what is shared with a rule counts for the household, too."""
    case = read_case(HOME)
    assert isinstance(case, Case), case
    assert run_case(case).differences() == []


AT = parse_instant("2026-12-01T12:00:00Z")
NEVER = "{all: [{fact: order.total, at_least: 5000}, {fact: order.total, less_than: 4000}]}"


@pytest.mark.parametrize("in_campaign", [False, True])
def test_a_message_that_can_never_fire_is_found_and_proven(*, in_campaign: bool) -> None:
    """The finder names it, and its proof is a case that passes; a message that can fire is no flaw."""
    if in_campaign:
        text = changed("id: more, type: email,", f"id: more, type: email, when: {NEVER},")
    else:
        text = changed("{fact: order.total, at_least: 1000}", NEVER)
    [flaw] = find_flaws(read(text), AT, kinds=["rule_never_fires"]).flaws
    name, path = ("more", "campaigns[0].messages[0]") if in_campaign else ("thanks", "messages[0]")
    assert flaw.path == path
    assert flaw.words.startswith(f"The message {name} can never fire: order.total at least 5000 and")
    proof = read_case(flaw.proof)
    assert isinstance(proof, Case), proof
    assert run_case(proof).differences() == []
    assert any(step.expect.messages is not None for step in proof.steps)
    assert find_flaws(read(TEXT), AT, kinds=["rule_never_fires"]).flaws == ()


def test_a_program_is_read_from_plain_data_too() -> None:
    """As the API takes it."""
    plain = {"program": "p", "name": "P", "wallets": [{"id": "points", "name": "Points"}]}
    message = {"id": "a", "type": "email", "subject": "A", "body": "B"}
    program = program_of({**plain, "messages": [message]})
    assert isinstance(program, Program)
    assert [each.channel() for each in program.messages] == ["email"]
