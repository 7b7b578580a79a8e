"""What the core says is told again in every language: every sentence that it can say has an entry."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from perennial.core.explaining.retelling import retell
from perennial.core.language import Language
from perennial.core.languages import ENGLISH, LANGUAGES
from perennial.core.segments.templates import TEMPLATES
from perennial.flows.programs.templates import all_templates
from perennial.flows.reports import kind_words
from perennial.reports.queries import REPORTS
from perennial.reports.words import WORDS
from tests.core.said import counted_in

CORE = Path(__file__).parents[2] / "src" / "perennial" / "core"
OTHERS = [language for language in LANGUAGES.values() if language is not ENGLISH]
_BY_CODE = pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.code)
_LATIN = re.compile(r"[A-Za-z]{2,}")
_LOWER = re.compile(r"[a-z]{2,}")
_KEPT = re.compile("`[^`]+`|\\{\\{|\\}\\}")
_HOLE = re.compile(r"\{(\w+)(?::[^{}\s]+)?\}")

SAID = {
    "Rule base: 1 point per 1.00 on 630.00, rounded down = 630 points; x1.25 (tier silver) = 787; "
    "expires 2027-12-01": "base silver",
    "Rule base: 1 point per full 10.00 on 9.00, rounded half up = 0 points; "
    "x3 (best of tier gold x2, campaign may x3) = 9; "
    "cut to 5 (rule base: 5 points per day, all members together: 5 left)": "base gold may",
    'Rule "Tea: twice, (nearly) always": 1 point per 1.00 on 630.00, rounded down = 630 points; '
    'x1.25 (tier "Silver, and more") = 787; expires 2027-12-01': "Tea twice nearly always Silver and more",
    'Rule "A gift": fired, but reward "Free coffee" was not given '
    "(Reward coffee is out of stock: all 10 are taken)": "A gift Free coffee coffee",
    'Rule "A gift": did not fire: campaign "In May" did not apply.': "A gift In May",
    'Message "Hello": fired': "Hello",
    'Campaign "In May": applied.': "In May",
    "Rule base: 2 points per unit for 3 units = 6 points; "
    "pending until 2027-01-02 10:00, expires 2028-01-01": "base",
    "Rule base: 2 points once for 1 unit = 2 points; pending until the order is fulfilled": "base",
    "Rule base: 2 points per 3 on distance 12, rounded up = 8 points": "base distance",
    "Rule base: 5 % of 80.00, rounded down = 400 points": "base",
    "Rule gift: fired: reward coffee": "gift coffee",
    "Rule gift: fired, but reward coffee was not given (Reward coffee is out of stock: all 10 are taken)": (
        "gift coffee"
    ),
    "Rule gift: fired, but reward coffee was not given (Reward coffee needs tier gold)": "gift coffee gold",
    "Rule base: did not fire: it is for review.posted.": "base review.posted",
    'Rule base: did not fire: it is for "Somebody joins".': "base",
    'only orders have lines; this rule is triggered by "A birthday"': "",
    "Message hello: did not fire: it is for review.posted.": "hello review.posted",
    "Message hello: did not fire: it was sent for this before.": "hello",
    "Message hello: fired": "hello",
    "Message hello: fired, but is not sent (message hello: 1 time per month: used up)": "hello",
    "Message hello: fired, but is not sent (limit mails: 2 times per week: used up)": "hello mails",
    "Message hello: fired, but is not sent (cooldown of message hello: until 2027-01-04 10:00)": "hello",
    "cooldown of message hello: 1 day 2 hours": "hello",
    "Rule base: did not fire: campaign may did not apply.": "base may",
    "Rule base: did not fire: its schedule does not include Mon 2027-01-04 10:00:00.": "base",
    "Rule base: did not fire: cooldown of rule base: until 2027-01-04 10:00.": "base",
    "Campaign may: did not apply: it was switched off.": "may",
    "campaign may: 5000 points in all, all members together": "may",
    "rule base: 25.00 EUR of discount per month, for each location: used up": "base EUR",
    "rule base: 3 times per month, for each household: used up": "base",
    "stock coffee: 10 times in all, all members together: 3 left, whole only": "coffee",
    "cooldown of rule base: 1 day 2 hours": "base",
    "Nothing was earned: the customer is in holdout everybody.": "everybody",
    "Earned 1250 stars and 5 credit.": "stars credit",
    "autumn: variant blue.": "autumn blue",
    "Tier and limits count for household family 7 as a whole (2 people).": "family",
    "Challenge run was completed for the 2nd time: it gave 50 stars, a voucher, badge Runner.": (
        "run stars Runner"
    ),
    "Challenge run was completed: it gave perk Lounge, physical mug, cashback card, experience night, "
    "cash_payout.": ("run Lounge mug card night"),
    "The member referred a friend, and that converted (offer friends).": "friends",
}
"""Sentences as the core puts them together, with the names in them that every language keeps."""

_TELLING = (
    "explaining/words.py",
    "explaining/explain.py",
    "claims/earned_rewards.py",
    "variants.py",
    "switches.py",
    "earn.py",
)
_FILLED = {
    "format_instant": "2027-01-04T10:00:00Z",
    "minute_words": "2027-01-04 10:00",
    "local_words": "Mon 2027-01-04 10:00:00",
    "day_words": "2027-01-04",
}
"""What stands in a hole of a sentence, by what is put there; else a number, which is a name as well."""


@_BY_CODE
@pytest.mark.parametrize("said", SAID)
def test_a_sentence_is_told_in_every_language(language: Language, said: str) -> None:
    """Nothing of the English is left but the names."""
    told = retell(said, language)
    assert set(_LATIN.findall(told)) <= set(_LATIN.findall(SAID[said])), told


def test_what_is_not_known_stays_as_it_is() -> None:
    """The negative control: no pattern fits what somebody typed; English is never touched."""
    persian = LANGUAGES["fa"]
    assert retell("A gift for you, and more", persian) == "A gift for you, and more"
    for said in SAID:
        assert retell(said, ENGLISH) == said


def test_numbers_and_days_are_those_of_the_language() -> None:
    """Digits, thousands, dates and endings."""
    said = "campaign may: 5000 points in all, all members together"
    assert retell(said, LANGUAGES["fa"]) == "کمپین «\u2068may\u2069»: در مجموع ۵٬۰۰۰ امتیاز، همهٔ اعضا روی هم"
    assert retell("expires 2027-12-01", LANGUAGES["zh-Hans"]) == "2027年12月1日到期"
    assert retell("Reward tea is available from 2027-01-04 10:00.", LANGUAGES["ko"]) == (
        "리워드 tea는 2027년 1월 4일 10:00부터 이용할 수 있음."
    )
    assert retell("Completed. It begins again at 2027-03-21 09:05.", LANGUAGES["fa"]) == (
        "انجام شد و در ۱ فروردین ۱۴۰۶، ۰۹:۰۵ دوباره آغاز می\u200cشود."
    )
    assert retell("Reward tea cannot be claimed: it was switched off.", LANGUAGES["ko"]) == (
        "리워드 tea를 받을 수 없음: 꺼져 있었음."
    )


@_BY_CODE
def test_every_language_has_the_same_sentences(language: Language) -> None:
    """The same patterns in the same order, with the same holes, and none of them in English."""
    every = LANGUAGES["fa"].sentences
    assert list(language.sentences) == list(every)
    for source, said in language.sentences.items():
        phrase = _KEPT.sub("", said)
        assert said != source or source == "{title:name}: {what}"
        holes = _HOLE.findall(source)
        assert sorted(set(_HOLE.findall(phrase))) == sorted(holes), source
        assert not _LOWER.search(_HOLE.sub("", phrase)), said


@pytest.mark.parametrize("name", _TELLING)
def test_every_sentence_of_an_explanation_has_an_entry(name: str) -> None:
    """What these files return as words is known to the languages, hole by hole."""
    persian = LANGUAGES["fa"]
    assert [said for said in _said_in(CORE / name) if retell(said, persian) == said] == []


def _said_in(path: Path) -> Iterator[str]:
    """Yield the sentences that a file puts together or returns, with something in their holes."""
    for node in ast.walk(ast.parse(path.read_text())):
        said = ""
        if isinstance(node, ast.JoinedStr):
            said = "".join(_filled(part) for part in node.values)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Constant):
            said = str(node.value.value)
        if " " in said and len(re.findall(r"[A-Za-z]{2,}", said)) > 1:
            yield said


def _filled(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    counting = counted_in(part.value) if isinstance(part, ast.FormattedValue) else None
    if counting is not None:
        return counting
    put = ast.unparse(part)
    return next((filled for name, filled in _FILLED.items() if name in put), "1")


@_BY_CODE
def test_reports_are_told_in_every_language(language: Language) -> None:
    """Titles, descriptions, columns, formulas and the words in cells; no entry is left over."""
    words = WORDS[language.code]
    wanted = {
        text
        for report in REPORTS.values()
        for text in (
            report.title,
            report.description,
            *(
                text
                for column in report.columns
                for text in (column.title, column.formula, *column.values)
                if text
            ),
        )
    }
    wanted |= set(kind_words().values())
    assert wanted - words.keys() == set()
    assert words.keys() - wanted == set()
    assert [text for text in words if words[text] == text] == []
    assert [said for text, said in words.items() if _LOWER.search(said.replace("`rfm`", ""))] == []


@_BY_CODE
def test_templates_are_told_in_every_language(language: Language) -> None:
    """Those of segments, and those of programs."""
    told = [retell(text, language) for each in TEMPLATES for text in (each.name, each.words)]
    told += [text for each in all_templates(language.code) for text in (each.title, each.description)]
    assert [text for text in told if _LOWER.search(text)] == []
