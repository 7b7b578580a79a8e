"""Every language says everything, in words of its own: operators, figures, windows, facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from perennial.core.conditions.words import Wording, describe_window, label_of, sentence, value_label
from perennial.core.dates.periods import Period, Span
from perennial.core.document.challenge import Challenge
from perennial.core.document.program import Program
from perennial.core.document.referral_terms import Referrals
from perennial.core.facts import FactTable, fact_table
from perennial.core.language import Form, Language
from perennial.core.languages import ENGLISH, LANGUAGES
from perennial.core.terms.condition_document import decode_condition
from perennial.core.terms.conditions import HistoryWindow, LineMeasure, Measure, Operator, Quantifier
from tests.laws.strategies import PROGRAM

OTHERS = [language for language in LANGUAGES.values() if language is not ENGLISH]
SAME_EVERYWHERE = {"{amount} {currency}", ", ", "; ", ",", ".", "{clause}.", " "} | {
    *("WhatsApp", "Telegram", "KakaoTalk", "LINE")
}
"""What may be the same in a translation: punctuation, and the names of messengers."""


def _everything() -> FactTable:
    """The facts of a program with everything in it that adds some."""
    more: dict[str, Any] = {
        "challenges": [{"id": "run", "name": "Run", "goals": [{"measure": "orders.count"}], "gives": []}],
        "holdouts": [{"id": "all", "share": 10}],
    }
    plain = msgspec.to_builtins(msgspec.convert(more["challenges"], tuple[Challenge, ...]))
    challenges = msgspec.convert(plain, tuple[Challenge, ...])
    program: Program = msgspec.structs.replace(PROGRAM, challenges=challenges, referrals=Referrals(offers=()))
    return fact_table(program)


FACTS = _everything()


def _texts(language: Language) -> Iterator[tuple[str, str]]:
    """Yield every phrase of a language with the name of its place."""
    for name in msgspec.structs.fields(Language):
        value = getattr(language, name.name)
        if isinstance(value, Mapping):
            for key, phrase in value.items():
                for place, each in enumerate([phrase] if isinstance(phrase, str) else phrase):
                    yield f"{name.name}.{key}.{place}", each
        elif isinstance(value, str) and name.name not in (
            "code",
            "name",
            "date",
            "digits",
            "grouping",
            "point",
        ):
            yield name.name, value


def test_five_languages_ship() -> None:
    """English, simplified and traditional Chinese, Korean and Persian, the last from right to left."""
    assert list(LANGUAGES) == ["en", "fa", "ko", "zh-Hans", "zh-Hant"]
    assert [code for code, language in LANGUAGES.items() if language.right_to_left] == ["fa"]


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_every_operator_and_figure_has_a_phrase(language: Language) -> None:
    """Each language has the phrases that English has, and English has one for everything there is."""
    assert {operator.value for operator in Operator} - {"within"} <= language.comparisons.keys() | {"exists"}
    assert set(Quantifier) == language.quantifiers.keys()
    assert set(LineMeasure) == language.totals.keys()
    assert {measure.value for measure in Measure} <= language.measures.keys()
    assert set(Span.__struct_fields__) == language.spans.keys()
    for name in ("comparisons", "flags", "quantifiers", "measures", "totals", "windows", "spans", "values"):
        assert getattr(language, name).keys() == getattr(ENGLISH, name).keys(), name
    for period in set(Period) - {Period.EVER, Period.HOUR}:
        for offset in (0, -1, -2, -100):
            assert describe_window(HistoryWindow(calendar=period, offset=offset), language)


@pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.code)
def test_every_fact_has_a_label_of_its_own(language: Language) -> None:
    """No built-in fact and no known value keeps its English label in another language."""
    every = [*FACTS.facts.values(), *(fact for facts in FACTS.events.values() for fact in facts.values())]
    built_in = [fact for fact in every if not fact.declared]
    assert len(built_in) > 70
    assert [fact.name for fact in built_in if label_of(fact, language) == label_of(fact, ENGLISH)] == []
    known = [fact for fact in built_in if fact.name in ("now.weekday", "member.lifecycle")]
    for fact in known:
        assert [value for value in fact.values if value_label(fact, value, language) == value] == []
    for fact in (fact for fact in every if fact.declared):
        assert label_of(fact, language) == fact.label


@pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.code)
def test_no_translation_is_its_source(language: Language) -> None:
    """Nothing but punctuation is the same as in English, and every phrase has the same places."""
    english = dict(_texts(ENGLISH))
    same = [
        place
        for place, text in _texts(language)
        if place in english and text == english[place] and text not in SAME_EVERYWHERE
    ]
    assert same in ([], ["kilometers", "meters"])
    for place, text in _texts(language):
        if place in english:
            assert _places(text) == _places(english[place]), place


def _places(text: str) -> set[str]:
    return {name.partition(":")[0] for name in re.findall(r"\{([a-z:/\uac00-\ud7a3]+)\}", text)}


def test_the_two_chinese_scripts_differ() -> None:
    """Traditional Chinese is no copy of the simplified one."""
    simplified = dict(_texts(LANGUAGES["zh-Hans"]))
    traditional = dict(_texts(LANGUAGES["zh-Hant"]))
    same = [place for place, text in traditional.items() if simplified.get(place) == text]
    assert len(same) < len(traditional) // 4
    assert not set("们单为这义门优进") & set("".join(traditional.values()))


CONDITION = {
    "all": [
        {"fact": "member.tier", "in": ["gold", "silver"]},
        {"history": "orders.net", "window": {"last": {"days": 365}}, "at_least": 1250050},
        {"any": [{"fact": "now.date", "at_least": "2026-12-01"}, {"fact": "now.weekday", "is": "sat"}]},
        {"fact": "member.is_birthday", "is": True},
    ]
}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "en",
            "The tier is one of “Gold”, “Silver” and the amount spent in the last 365 days is at least 12,500.50 "
            "EUR and (the local date is 1 December 2026 or later or the local weekday is Saturday) and today is "
            "the member's birthday.",
        ),
        (
            "zh-Hans",
            "等级是“Gold”、“Silver”之一，并且过去365天内的消费金额不少于12,500.50 EUR，并且（当地日期为2026年12月1日或更晚，"
            "或者当地星期为星期六），并且今天是会员的生日。",
        ),
        (
            "zh-Hant",
            "等級是「Gold」、「Silver」其中之一，而且過去365天內的消費金額不少於12,500.50 EUR，而且（當地日期為2026年12月1日"
            "或更晚，或者當地星期為星期六），而且今天是會員的生日。",
        ),
        (
            "ko",
            "등급이 “Gold”, “Silver” 중 하나이고, 지난 365일 동안의 구매 금액이 12,500.50 EUR 이상이고, "
            "(현지 날짜가 2026년 12월 1일 또는 그 이후이거나, 현지 요일이 토요일이고), 오늘이 회원의 생일이다.",
        ),
        (
            "fa",
            "سطح عضویت یکی از «Gold»، «Silver» است و مبلغ خرید در ۳۶۵ روز گذشته دست‌کم ۱۲٬۵۰۰٫۵۰ EUR است و "
            "(تاریخ محلی ۱۰ آذر ۱۴۰۵ یا پس از آن است یا روز هفته شنبه است) و امروز زادروز عضو است.",
        ),
    ],
)
def test_a_condition_is_a_sentence(code: str, words: str) -> None:
    """Numbers, money, dates and endings are those of the language."""
    assert sentence(decode_condition(CONDITION), Wording(LANGUAGES[code], FACTS, "order.paid")) == words


@pytest.mark.parametrize(
    ("word", "particles", "said"),
    [
        ("등급", "이/가", "등급이"),
        ("날짜", "이/가", "날짜가"),
        ("서울", "으로/로", "서울로"),
        ("부산", "으로/로", "부산으로"),
        ("제주", "으로/로", "제주로"),
        ("“3”", "과/와", "“3”과"),
        ("“2”", "과/와", "“2”와"),
        ("VIP", "이/가", "VIP가"),
        ("mail", "이/가", "mail이"),
    ],
)
def test_a_particle_follows_the_sound(word: str, particles: str, said: str) -> None:
    """A Korean particle depends on whether the word before it ends with a consonant."""
    korean = LANGUAGES["ko"]
    assert korean.phrase(f"{{word:{particles}}}", Form.FINAL, word=word) == said


def test_what_people_type_is_never_a_phrase() -> None:
    """Braces and brackets in a value come out as they are."""
    plain = {"fact": "member.text", "is": "{subject} [a|b|c]"}
    for language in LANGUAGES.values():
        said = sentence(decode_condition(plain), Wording(language, FACTS))
        assert language.quoted("{subject} [a|b|c]") in said
