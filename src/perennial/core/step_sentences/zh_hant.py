"""What a challenge asks for next in traditional Chinese, by the pattern of the English sentence."""

from __future__ import annotations

SENTENCES = {
    "Completed.": "已完成。",
    "Completed. It can be done again.": "已完成，可以再次參加。",
    "Completed. It begins again at {at:day}.": "已完成，{at}重新開始。",
    "Start it to take part.": "開始後即可參加。",
    "It is over.": "已結束。",
    "Nothing is missing.": "條件都已滿足。",
    "{step:step}, {left:number} of {all:number} freezes left.": "{step}，允許的中斷還剩{left}次（共{all}次）。",
    "{first:step} and {rest:step}.": "{first}，並且{rest}。",
    "{first:step} or {rest:step}.": "{first}，或者{rest}。",
    "Be a member for {span:span} (on {at:day}).": "入會滿{span}（{at}）。",
    "be a member for {span:span} (on {at:day}).": "入會滿{span}（{at}）。",
    "Be a member for {span:span}.": "入會滿{span}。",
    "be a member for {span:span}.": "入會滿{span}。",
    "{step:step} ({name:name}).": "{step}（{name}）。",
    "{n:number} more day in a row.": "再連續{n}天。",
    "{n:number} more days in a row.": "再連續{n}天。",
    "{n:number} more week in a row.": "再連續{n}週。",
    "{n:number} more weeks in a row.": "再連續{n}週。",
    "{n:number} more month in a row.": "再連續{n}個月。",
    "{n:number} more months in a row.": "再連續{n}個月。",
    "{n:number} more order.": "再下{n}筆訂單。",
    "{n:number} more orders.": "再下{n}筆訂單。",
    "{n:number} more item.": "再買{n}件商品。",
    "{n:number} more items.": "再買{n}件商品。",
    "{n:number} more point.": "再得{n}點數。",
    "{n:number} more points.": "再得{n}點數。",
    "{price:amount} more.": "再消費{price}。",
    "{n:number} more {what:name}.": "{what}還差{n}。",
}
