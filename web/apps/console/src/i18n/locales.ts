import type { Direction } from "@perennial/ui/provider";

export interface Locale {
  code: string;
  /** The language in its own words. */
  name: string;
  direction: Direction;
}

const SOURCE: Locale = { code: "en", name: "English", direction: "ltr" };

export const LOCALES: readonly Locale[] = [
  SOURCE,
  { code: "zh-Hans", name: "简体中文", direction: "ltr" },
  { code: "zh-Hant", name: "繁體中文", direction: "ltr" },
  { code: "ko", name: "한국어", direction: "ltr" },
  { code: "fa", name: "فارسی", direction: "rtl" },
];

const KEPT = "perennial.language";
const TRADITIONAL = /^zh-(hant|tw|hk|mo)/i;

/** The language that was chosen here, or the first of the browser's that we speak. */
export function preferredLocale(): Locale {
  const chosen = localeOf(localStorage.getItem(KEPT) ?? "");
  if (chosen !== undefined) return chosen;
  for (const wanted of navigator.languages) {
    const found = spoken(wanted);
    if (found !== undefined) return found;
  }
  return SOURCE;
}

export function keepLocale(locale: Locale): void {
  localStorage.setItem(KEPT, locale.code);
}

/** Whether the chosen language is kept under this key. */
export function isKeptAs(key: string | null): boolean {
  return key === KEPT;
}

export function localeOf(code: string): Locale | undefined {
  return LOCALES.find((locale) => locale.code === code);
}

function spoken(tag: string): Locale | undefined {
  if (tag.toLowerCase().startsWith("zh")) return localeOf(TRADITIONAL.test(tag) ? "zh-Hant" : "zh-Hans");
  return localeOf(tag.split("-")[0] ?? "");
}
