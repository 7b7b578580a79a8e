import { i18n, type Messages } from "@lingui/core";

import { keepLocale, type Locale } from "./locales";

type Load = () => Promise<{ messages: Messages }>;

const files: Record<string, Load> = {
  ...import.meta.glob<{ messages: Messages }>("../locales/*.po"),
  ...import.meta.glob<{ messages: Messages }>("../editor/locales/*.po"),
  ...import.meta.glob<{ messages: Messages }>("../screens/*/locales/*.po"),
};

const SHELL = "../locales";
/** The forms and the builder of conditions, which several screens use: their words come with those screens. */
const EDITOR = "editor";
const needed = new Set<string>([SHELL]);

async function load(folder: string, code: string): Promise<void> {
  const file = files[`${folder}/${code}.po`];
  if (file === undefined) return;
  const { messages } = await file();
  i18n.load(code, messages);
}

/** Speak a language: load what the open screens need of it, then switch everything at once. */
export async function speak(locale: Locale): Promise<void> {
  await Promise.all([...needed].map((folder) => load(folder, locale.code)));
  i18n.activate(locale.code);
  document.documentElement.lang = locale.code;
  document.documentElement.dir = locale.direction;
  keepLocale(locale);
}

/** The loader of a screen's route: the words of these screens, in the language that is spoken. */
export function wordsOf(...screens: string[]): () => Promise<void> {
  const folders = screens.map((screen) => (screen === EDITOR ? "../editor/locales" : `../screens/${screen}/locales`));
  return async () => {
    await Promise.all(folders.filter((folder) => !needed.has(folder)).map((folder) => load(folder, i18n.locale)));
    for (const folder of folders) needed.add(folder);
  };
}
