"""Korean. A particle follows the sound that its word ends with: ``{subject:이/가}``."""

from __future__ import annotations

from perennial.core.language import Language
from perennial.core.sentences import sentences_in

_FIRST, _LAST = 0xAC00, 0xD7A3
_RIEUL = 8
_DIGITS = {"0": 21, "1": _RIEUL, "2": 0, "3": 16, "4": 0, "5": 0, "6": 1, "7": _RIEUL, "8": _RIEUL, "9": 0}
"""The final consonant with which each digit is read: its place among the finals, 0 for none."""

_LETTERS = {"l": _RIEUL, "r": _RIEUL, "m": 16, "n": 4}
"""The same of the names of Latin letters; the others end with a vowel."""

_TRAILING = "\u201d\u2019)]\"' "


class Word(str):
    """A text that knows its particles: ``이/가``, ``과/와`` or ``으로/로`` after it, as its sound demands."""

    __slots__ = ()

    def __format__(self, particles: str) -> str:
        if not particles:
            return str(self)
        closed, open_ = particles.split("/")
        final = _final_of(self.rstrip(_TRAILING)[-1:].lower())
        takes_open = final == 0 or (closed == "으로" and final == _RIEUL)
        return str(self) + (open_ if takes_open else closed)


def _final_of(letter: str) -> int:
    if letter and _FIRST <= ord(letter) <= _LAST:
        return (ord(letter) - _FIRST) % 28
    return _DIGITS.get(letter, _LETTERS.get(letter, 0))


LANGUAGE = Language(
    code="ko",
    name="한국어",
    sentences=sentences_in("ko"),
    word=Word,
    comparisons={
        "is": "{subject:이/가} {value}[이다|이고|이거나]",
        "is_not": "{subject:이/가} {value:이/가} [아니다|아니고|아니거나]",
        "more_than": "{subject:이/가} {value}보다 [크다|크고|크거나]",
        "at_least": "{subject:이/가} {value} 이상[이다|이고|이거나]",
        "less_than": "{subject:이/가} {value}보다 [작다|작고|작거나]",
        "at_most": "{subject:이/가} {value} 이하[이다|이고|이거나]",
        "between": "{subject:이/가} {low} 이상 {high} 이하[이다|이고|이거나]",
        "after": "{subject:이/가} {value} 이후(당일·당시 제외)[이다|이고|이거나]",
        "from": "{subject:이/가} {value} 또는 그 이후[이다|이고|이거나]",
        "before": "{subject:이/가} {value} 이전(당일·당시 제외)[이다|이고|이거나]",
        "until": "{subject:이/가} {value} 또는 그 이전[이다|이고|이거나]",
        "from_until": "{subject:이/가} {low}부터 {high}까지[이다|이고|이거나]",
        "in": "{subject:이/가} {value} 중 하나[이다|이고|이거나]",
        "not_in": "{subject:이/가} {value} 중 어느 것도 [아니다|아니고|아니거나]",
        "holds": "{subject}에 {value:이/가} 포함[된다|되고|되거나]",
        "holds_some": "{subject}에 {value} 중 하나 이상이 포함[된다|되고|되거나]",
        "holds_none": "{subject}에 {value} 중 어느 것도 포함되지 [않는다|않고|않거나]",
        "contains": "{subject}에 {value:이/가} 들어 [있다|있고|있거나]",
        "starts_with": "{subject:이/가} {value:으로/로} [시작한다|시작하고|시작하거나]",
        "matches": "{subject:이/가} 정규식 {value:과/와} [일치한다|일치하고|일치하거나]",
        "exists": "{subject:이/가} 알려져 [있다|있고|있거나]",
        "missing": "{subject:이/가} [없다|없고|없거나]",
        "within": "{subject:이/가} {value}에서 {distance} 이내에 [있다|있고|있거나]",
        "yes": "{subject:이/가} ‘예’[이다|이고|이거나]",
        "no": "{subject:이/가} ‘아니요’[이다|이고|이거나]",
    },
    flags={
        "member.joined": ("고객이 회원[이다|이고|이거나]", "고객이 회원이 [아니다|아니고|아니거나]"),
        "member.is_anniversary": (
            "오늘이 가입 기념일[이다|이고|이거나]",
            "오늘이 가입 기념일이 [아니다|아니고|아니거나]",
        ),
        "member.is_birthday": (
            "오늘이 회원의 생일[이다|이고|이거나]",
            "오늘이 회원의 생일이 [아니다|아니고|아니거나]",
        ),
        "member.is_lapsed": (
            "평소 주문 간격의 두 배가 넘도록 주문이 [없다|없고|없거나]",
            "주문이 끊긴 지 아직 평소 간격의 두 배를 넘지 [않았다|않았고|않았거나]",
        ),
    },
    quantifiers={
        "any": "한 줄 이상이 조건({where})에 [맞는다|맞고|맞거나]",
        "every": "모든 줄이 조건({where})에 [맞는다|맞고|맞거나]",
        "none": "어느 줄도 조건({where})에 맞지 [않는다|않고|않거나]",
        "cheapest": "단가가 가장 낮은 줄이 조건({where})에 [맞는다|맞고|맞거나]",
        "most_expensive": "단가가 가장 높은 줄이 조건({where})에 [맞는다|맞고|맞거나]",
    },
    measures={
        "orders.count": ("{window} 주문 수", "{window} 조건({where})에 맞는 주문 수"),
        "orders.net": ("{window} 구매 금액", "{window} 조건({where})에 맞는 주문의 구매 금액"),
        "lines.net": ("{window} 상품 구매 금액", "{window} 조건({where})에 맞는 주문 줄의 구매 금액"),
        "lines.quantity": ("{window} 구매 수량", "{window} 조건({where})에 맞는 주문 줄의 구매 수량"),
        "points.earned": ("{window} 적립 포인트", "{window} 적립 포인트"),
        "points.earned_in": ("{window} {wallet} 적립 포인트", "{window} {wallet} 적립 포인트"),
        "events.count": ("{window} {event} 이벤트 수", "{window} 조건({where})에 맞는 {event} 이벤트 수"),
        "events.sum": (
            "{window} {event} 이벤트의 {attribute} 합계",
            "{window} 조건({where})에 맞는 {event} 이벤트의 {attribute} 합계",
        ),
    },
    totals={
        "count": ("주문 줄 수", "조건({where})에 맞는 주문 줄 수"),
        "quantity": ("상품 수량", "조건({where})에 맞는 주문 줄의 상품 수량"),
        "sum": ("주문 줄의 순액 합계", "조건({where})에 맞는 주문 줄의 순액 합계"),
    },
    windows={
        "ever": "전체 기간",
        "since_joining": "가입 이후",
        "last": "지난 {span} 동안의",
        "day": "오늘의",
        "week": "이번 주",
        "month": "이번 달",
        "quarter": "이번 분기",
        "year": "올해",
        "day_before": "어제",
        "week_before": "지난주",
        "month_before": "지난달",
        "quarter_before": "지난 분기",
        "year_before": "작년",
        "day_ago": "{n}일 전의",
        "week_ago": "{n}주 전의",
        "month_ago": "{n}개월 전의",
        "quarter_ago": "{n}분기 전의",
        "year_ago": "{n}년 전의",
    },
    spans={
        "years": ("{n}년", "{n}년"),
        "months": ("{n}개월", "{n}개월"),
        "weeks": ("{n}주", "{n}주"),
        "days": ("{n}일", "{n}일"),
        "hours": ("{n}시간", "{n}시간"),
        "minutes": ("{n}분", "{n}분"),
    },
    date="{year}년 {month}월 {day}일",
    date_and_time="{day} {time}",
    sentence="{clause}.",
    negation="다음에 해당하지 [않는다|않고|않거나] ({clause})",
    both=", ",
    either=", ",
    always="항상 [참이다|참이고|참이거나]",
    never="항상 [거짓이다|거짓이고|거짓이거나]",
    facts={
        "order.total": "할인 후 주문 금액",
        "order.gross": "할인 전 주문 금액",
        "order.discount": "주문의 총할인액",
        "order.shipping": "배송비",
        "order.tax": "세금",
        "order.currency": "통화",
        "order.location": "매장",
        "order.channel": "채널",
        "order.codes": "입력한 코드",
        "order.line_count": "주문 줄 수",
        "order.quantity": "상품 수량",
        "redeemer.key": "주문을 보낸 API 키의 이름",
        "redeemer.staff": "주문을 보낸 직원의 이메일",
        "redeemer.role": "주문을 보낸 직원의 역할",
        "redeemer.device": "주문을 보낸 계산대 기기",
        "line.sku": "줄의 상품",
        "line.categories": "줄의 카테고리",
        "line.brand": "줄의 브랜드",
        "line.net": "줄의 할인 후 금액",
        "line.amount": "줄의 할인 전 금액",
        "line.discount": "줄의 총할인액",
        "line.quantity": "줄의 수량",
        "line.unit_price": "줄의 할인 후 단가(내림)",
        "line.cost": "줄의 매입 원가",
        "member.joined": "회원 여부",
        "member.joined_on": "가입일",
        "member.joined_days": "가입 후 지난 일수",
        "member.joined_years": "가입 후 지난 햇수",
        "member.is_anniversary": "오늘이 가입 기념일인지 여부",
        "member.tier": "등급",
        "member.tier_level": "등급 순위(가장 낮은 등급이 1, 등급이 없으면 0)",
        "member.segments": "고객이 속한 세그먼트",
        "member.consents": "고객이 동의한 항목",
        "member.birthday": "생년월일",
        "member.birthday_month": "태어난 달",
        "member.birthday_day": "태어난 날짜",
        "member.is_birthday": "오늘이 회원의 생일인지 여부",
        "member.age": "나이",
        "member.referral_count": "추천이 성사된 친구 수",
        "member.visits": "주문한 날의 수",
        "member.first_order_on": "첫 주문일",
        "member.last_order_on": "마지막 주문일",
        "member.days_since_last_order": "마지막 주문 후 지난 일수",
        "member.order_gap_days": "평소 주문 간격(일)",
        "member.is_lapsed": "평소 간격의 두 배가 넘도록 주문이 없는지 여부",
        "member.lifecycle": "고객 생애 단계",
        "member.rfm_recency": "얼마나 최근에 구매했는지(1~5)",
        "member.rfm_frequency": "얼마나 자주 구매하는지(1~5)",
        "member.rfm_monetary": "얼마나 많이 구매하는지(1~5)",
        "now.date": "현지 날짜",
        "now.time": "현지 시각",
        "now.weekday": "현지 요일",
        "now.day": "현지 날짜의 일",
        "now.month": "현지 월",
        "now.year": "현지 연도",
        "now.hour": "현지 시(時)",
        "location.place": "주문 매장의 위치",
        "wallet.balance": "{name} 잔액(부채 차감)",
        "wallet.available": "사용할 수 있는 {name}",
        "wallet.pending": "대기 중인 {name}",
        "wallet.debt": "갚아야 할 {name}",
        "wallet.earned": "누적 적립 {name}",
        "wallet.expiring": "앞으로 {days}일 안에 소멸하는 {name}",
        "challenge.completed_count": "{name} 완료 횟수",
        "challenge.progress": "{name} 현재 회차의 진행도",
        "experiment": "{name} 실험군",
        "event.source": "가입 경로",
        "event.tier": "새 등급",
        "event.before": "이전 등급",
        "event.challenge": "해당 챌린지",
        "event.role": "추천인 또는 친구",
        "event.offer": "추천 종류",
        "event.segment": "해당 세그먼트",
    },
    computed={
        "orders": "{window} 주문 수",
        "spent": "{window} 구매 금액",
        "average_order": "{window} 평균 주문 금액",
    },
    computed_windows={
        "": "전체 기간",
        "_30_days": "지난 30일 동안의",
        "_90_days": "지난 90일 동안의",
        "_365_days": "지난 365일 동안의",
        "_this_year": "올해",
        "_last_year": "작년",
    },
    values={
        "now.weekday=mon": "월요일",
        "now.weekday=tue": "화요일",
        "now.weekday=wed": "수요일",
        "now.weekday=thu": "목요일",
        "now.weekday=fri": "금요일",
        "now.weekday=sat": "토요일",
        "now.weekday=sun": "일요일",
        "member.lifecycle=new": "신규",
        "member.lifecycle=active": "활성",
        "member.lifecycle=at_risk": "이탈 위험",
        "member.lifecycle=dormant": "휴면",
        "member.lifecycle=lost": "이탈",
        "member.consents=email": "이메일",
        "member.consents=sms": "문자 메시지",
        "member.consents=phone": "전화",
        "member.consents=push": "푸시 메시지",
        "member.consents=post": "우편",
        "member.consents=in_app": "앱 안에서",
        "member.consents=whatsapp": "왓츠앱",
        "member.consents=telegram": "텔레그램",
        "member.consents=wechat": "위챗",
        "member.consents=kakaotalk": "카카오톡",
        "member.consents=line": "라인",
    },
)
