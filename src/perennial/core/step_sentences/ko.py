"""What a challenge asks for next in Korean, by the pattern of the English sentence."""

from __future__ import annotations

SENTENCES = {
    "Completed.": "완료했습니다.",
    "Completed. It can be done again.": "완료했으며 다시 할 수 있습니다.",
    "Completed. It begins again at {at:day}.": "완료했으며 {at}에 다시 시작합니다.",
    "Start it to take part.": "시작하면 참여할 수 있습니다.",
    "It is over.": "종료되었습니다.",
    "Nothing is missing.": "남은 것이 없습니다.",
    "{step:step}, {left:number} of {all:number} freezes left.": "{step}, 쉬어 갈 수 있는 횟수 {all}회 중 {left}회 남음.",
    "{first:step} and {rest:step}.": "{first}, 그리고 {rest}.",
    "{first:step} or {rest:step}.": "{first} 또는 {rest}.",
    "Be a member for {span:span} (on {at:day}).": "회원으로 {span} 유지({at}).",
    "be a member for {span:span} (on {at:day}).": "회원으로 {span} 유지({at}).",
    "Be a member for {span:span}.": "회원으로 {span} 유지.",
    "be a member for {span:span}.": "회원으로 {span} 유지.",
    "{step:step} ({name:name}).": "{step}({name}).",
    "{n:number} more day in a row.": "연속 {n}일 더.",
    "{n:number} more days in a row.": "연속 {n}일 더.",
    "{n:number} more week in a row.": "연속 {n}주 더.",
    "{n:number} more weeks in a row.": "연속 {n}주 더.",
    "{n:number} more month in a row.": "연속 {n}개월 더.",
    "{n:number} more months in a row.": "연속 {n}개월 더.",
    "{n:number} more order.": "주문 {n}건 더.",
    "{n:number} more orders.": "주문 {n}건 더.",
    "{n:number} more item.": "상품 {n}개 더.",
    "{n:number} more items.": "상품 {n}개 더.",
    "{n:number} more point.": "{n}포인트 더.",
    "{n:number} more points.": "{n}포인트 더.",
    "{price:amount} more.": "{price} 더.",
    "{n:number} more {what:name}.": "{what} {n} 더.",
}
