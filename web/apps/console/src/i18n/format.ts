import { useLingui } from "@lingui/react";
import { useMemo } from "react";

import { digitsOf } from "./decimals";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FAR = 30 * DAY;

export interface Format {
  /** A whole number, or a fraction with at most `digits` digits. */
  number: (value: number, digits?: number) => string;
  /** Points as whole numbers of the smallest part of their unit. */
  points: (value: number, decimals?: number) => string;
  /** Points with their sign: what came in or went out. */
  change: (value: number, decimals?: number) => string;
  /** An amount in the minor unit of its currency. */
  money: (minor: number, currency: string) => string;
  /** A share between 0 and 1. */
  percent: (share: number) => string;
  /** The day of an instant, in a zone; without one, that of this device. */
  date: (instant: string, zone?: string) => string;
  /** An instant; where its zone is not that of this device, with the name of the zone. */
  moment: (instant: string, zone?: string) => string;
  /** A calendar day such as 2026-12-01, whatever the zone of this device. */
  day: (day: string) => string;
  /** A time of the day such as 16:30, whatever the zone of this device. */
  time: (time: string) => string;
  /** The days from one to another one, both included. */
  days: (first: string, last: string) => string;
  /** A calendar month such as 2026-12. */
  month: (month: string) => string;
  dayOfMonth: (day: string) => string;
  /** The day of the week in a letter or two. */
  weekday: (day: string) => string;
  dayOfWeek: (day: string) => string;
  /** Whether people who speak this language mostly rest on that day. */
  isWeekend: (day: string) => boolean;
  /** How long ago, or in how long, as people say it; far away, the date. */
  ago: (instant: string) => string;
  list: (words: readonly string[]) => string;
}

/** The days of rest by language, Sunday is 0; where nothing is said, Saturday and Sunday. */
const WEEKENDS: Partial<Record<string, readonly number[]>> = { fa: [5] };
const WEEKEND = [0, 6];
/** The styles of dates and times have no room for the name of a zone. */
const IN_ZONE: Intl.DateTimeFormatOptions = { year: "numeric", month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short" };

/** What is written of a value, with its sign also where it is more than nothing; the mark keeps the sign before the digits from right to left. */
export function withSign(written: string, value: number): string {
  return value > 0 ? `\u200e+${written}` : written;
}

function formatOf(locale: string): Format {
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const here = date.resolvedOptions().timeZone;
  const elsewhere = (zone: string | undefined): zone is string => zone !== undefined && zone !== here;
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "short", timeZone: "UTC" });
  const month = new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", timeZone: "UTC", calendar: "gregory" });
  const dayOfMonth = new Intl.DateTimeFormat(locale, { day: "numeric", timeZone: "UTC" });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "narrow", timeZone: "UTC" });
  const dayOfWeek = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const signed = (value: number, decimals: number, signDisplay: "auto" | "exceptZero") =>
    new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay }).format(
      value / 10 ** decimals,
    );
  return {
    number: (value, digits = 0) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value),
    points: (value, decimals = 0) => signed(value, decimals, "auto"),
    change: (value, decimals = 0) => signed(value, decimals, "exceptZero"),
    money: (minor, currency) => {
      const digits = digitsOf(currency);
      const format = new Intl.NumberFormat(locale, { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits });
      return format.format(minor / 10 ** digits);
    },
    percent: (share) => percent.format(share),
    date: (instant, zone) =>
      (elsewhere(zone) ? new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: zone }) : date).format(new Date(instant)),
    moment: (instant, zone) => (elsewhere(zone) ? new Intl.DateTimeFormat(locale, { ...IN_ZONE, timeZone: zone }) : moment).format(new Date(instant)),
    day: (text) => day.format(new Date(text)),
    time: (text) => time.format(new Date(`1970-01-01T${text}Z`)),
    days: (first, last) => day.formatRange(new Date(first), new Date(last)),
    month: (text) => month.format(new Date(`${text}-01`)),
    // Some languages write more than the number of the day, for which there is no room in a calendar.
    dayOfMonth: (text) => dayOfMonth.formatToParts(new Date(text)).find(({ type }) => type === "day")?.value ?? "",
    weekday: (text) => weekday.format(new Date(text)),
    dayOfWeek: (text) => dayOfWeek.format(new Date(text)),
    isWeekend: (text) => (WEEKENDS[locale] ?? WEEKEND).includes(new Date(text).getUTCDay()),
    ago: (instant) => {
      const seconds = (new Date(instant).getTime() - Date.now()) / 1_000;
      const away = Math.abs(seconds);
      if (away < MINUTE) return relative.format(0, "second");
      if (away < HOUR) return relative.format(Math.round(seconds / MINUTE), "minute");
      if (away < DAY) return relative.format(Math.round(seconds / HOUR), "hour");
      if (away < FAR) return relative.format(Math.round(seconds / DAY), "day");
      return date.format(new Date(instant));
    },
    list: (words) => new Intl.ListFormat(locale, { type: "conjunction" }).format(words),
  };
}

/** Numbers, money and dates as the language that is spoken writes them. */
export function useFormat(): Format {
  const { i18n } = useLingui();
  return useMemo(() => formatOf(i18n.locale), [i18n.locale]);
}
