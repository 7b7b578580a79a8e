import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

/** Operators as a sentence has them, between what is asked about and the value. */
export const OPERATOR_WORDS: Record<string, MessageDescriptor> = {
  is: msg`is`,
  is_not: msg`is not`,
  more_than: msg`is more than`,
  at_least: msg`is at least`,
  less_than: msg`is less than`,
  at_most: msg`is at most`,
  between: msg`is between`,
  in: msg`is one of`,
  not_in: msg`is none of`,
  contains: msg`contains`,
  starts_with: msg`starts with`,
  matches: msg`matches the pattern`,
  exists: msg`is known`,
  within: msg`is within`,
};

export const LINE_WORDS: Record<string, MessageDescriptor> = {
  any: msg`at least one line of the order`,
  every: msg`every line of the order`,
  none: msg`no line of the order`,
  cheapest: msg`the cheapest line`,
  most_expensive: msg`the most expensive line`,
  count: msg`the number of lines`,
  quantity: msg`the number of units`,
  sum: msg`the price of the lines together`,
};

export const WINDOW_WORDS: Record<string, MessageDescriptor> = {
  ever: msg`ever`,
  since_joining: msg`since joining`,
  calendar: msg`in this calendar period`,
  before: msg`in the calendar period before`,
  last: msg`in the last`,
};

export const PERIOD_WORDS: Record<string, MessageDescriptor> = {
  day: msg`day`,
  week: msg`week`,
  month: msg`month`,
  quarter: msg`quarter`,
  year: msg`year`,
};

export const UNIT_WORDS: Record<string, MessageDescriptor> = {
  years: msg`years`,
  months: msg`months`,
  weeks: msg`weeks`,
  days: msg`days`,
};

/** The units of a time span of a program, which may be shorter than a day. */
export const SPAN_WORDS: Record<string, MessageDescriptor> = { ...UNIT_WORDS, hours: msg`hours`, minutes: msg`minutes` };

export const SOURCE_WORDS: Record<string, MessageDescriptor> = {
  member: msg`The member`,
  order: msg`The order`,
  line: msg`The line`,
  wallet: msg`Points`,
  now: msg`The time`,
  event: msg`The event`,
  challenge: msg`Challenges`,
  experiment: msg`Experiments`,
  location: msg`The location`,
  lots: msg`Points that expire`,
};
