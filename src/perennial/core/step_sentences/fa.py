"""What a challenge asks for next in Persian, by the pattern of the English sentence."""

from __future__ import annotations

SENTENCES = {
    "Completed.": "انجام شد.",
    "Completed. It can be done again.": "انجام شد و می\u200cتوان دوباره انجامش داد.",
    "Completed. It begins again at {at:day}.": "انجام شد و در {at} دوباره آغاز می\u200cشود.",
    "Start it to take part.": "برای شرکت، آن را آغاز کنید.",
    "It is over.": "به پایان رسیده است.",
    "Nothing is missing.": "چیزی کم نیست.",
    "{step:step}, {left:number} of {all:number} freezes left.": "{step}؛ {left} وقفه از {all} وقفهٔ مجاز مانده است.",
    "{first:step} and {rest:step}.": "{first} و {rest}.",
    "{first:step} or {rest:step}.": "{first} یا {rest}.",
    "Be a member for {span:span} (on {at:day}).": "{span} عضو بمانید (تا {at}).",
    "be a member for {span:span} (on {at:day}).": "{span} عضو بمانید (تا {at}).",
    "Be a member for {span:span}.": "{span} عضو بمانید.",
    "be a member for {span:span}.": "{span} عضو بمانید.",
    "{step:step} ({name:name}).": "{step} ({name}).",
    "{n:number} more day in a row.": "{n} روز پیاپی دیگر.",
    "{n:number} more days in a row.": "{n} روز پیاپی دیگر.",
    "{n:number} more week in a row.": "{n} هفتهٔ پیاپی دیگر.",
    "{n:number} more weeks in a row.": "{n} هفتهٔ پیاپی دیگر.",
    "{n:number} more month in a row.": "{n} ماه پیاپی دیگر.",
    "{n:number} more months in a row.": "{n} ماه پیاپی دیگر.",
    "{n:number} more order.": "{n} سفارش دیگر.",
    "{n:number} more orders.": "{n} سفارش دیگر.",
    "{n:number} more item.": "{n} کالای دیگر.",
    "{n:number} more items.": "{n} کالای دیگر.",
    "{n:number} more point.": "{n} امتیاز دیگر.",
    "{n:number} more points.": "{n} امتیاز دیگر.",
    "{price:amount} more.": "{price} دیگر.",
    "{n:number} more {what:name}.": "{what}: {n} تای دیگر.",
}
