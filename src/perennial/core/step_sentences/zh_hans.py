"""What a challenge asks for next in simplified Chinese, by the pattern of the English sentence."""

from __future__ import annotations

SENTENCES = {
    "Completed.": "已完成。",
    "Completed. It can be done again.": "已完成，可以再次参加。",
    "Completed. It begins again at {at:day}.": "已完成，{at}重新开始。",
    "Start it to take part.": "开始后即可参加。",
    "It is over.": "已结束。",
    "Nothing is missing.": "条件都已满足。",
    "{step:step}, {left:number} of {all:number} freezes left.": "{step}，允许的中断还剩{left}次（共{all}次）。",
    "{first:step} and {rest:step}.": "{first}，并且{rest}。",
    "{first:step} or {rest:step}.": "{first}，或者{rest}。",
    "Be a member for {span:span} (on {at:day}).": "入会满{span}（{at}）。",
    "be a member for {span:span} (on {at:day}).": "入会满{span}（{at}）。",
    "Be a member for {span:span}.": "入会满{span}。",
    "be a member for {span:span}.": "入会满{span}。",
    "{step:step} ({name:name}).": "{step}（{name}）。",
    "{n:number} more day in a row.": "再连续{n}天。",
    "{n:number} more days in a row.": "再连续{n}天。",
    "{n:number} more week in a row.": "再连续{n}周。",
    "{n:number} more weeks in a row.": "再连续{n}周。",
    "{n:number} more month in a row.": "再连续{n}个月。",
    "{n:number} more months in a row.": "再连续{n}个月。",
    "{n:number} more order.": "再下{n}笔订单。",
    "{n:number} more orders.": "再下{n}笔订单。",
    "{n:number} more item.": "再买{n}件商品。",
    "{n:number} more items.": "再买{n}件商品。",
    "{n:number} more point.": "再得{n}积分。",
    "{n:number} more points.": "再得{n}积分。",
    "{price:amount} more.": "再消费{price}。",
    "{n:number} more {what:name}.": "{what}还差{n}。",
}
