// Every language says everything: the catalogs fit the source, nothing is missing, and no translation is the
// English text itself, but for the words that are the same everywhere. Screens load their catalogs into one, so a
// message has one translation: where it means two things, one of them has a context in the source.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

import { formatter } from "@lingui/format-po";

const SAME_EVERYWHERE = new Set(JSON.parse(readFileSync("tools/same-everywhere.json", "utf8")));
const SOURCE = "en";
const WORD = /\p{L}{2,}/u;
const PLACEHOLDER = /\{[^{}]*\}|<\/?\d+\/?>/g;

const files = globSync("apps/*/src/**/locales/*.po");
const before = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
execFileSync("lingui", ["extract", "--clean"], { stdio: ["ignore", "ignore", "inherit"] });
const after = globSync("apps/*/src/**/locales/*.po");
const stale = after.filter((file) => before.get(file) !== readFileSync(file, "utf8"));
const wrong = [];
for (const file of stale) {
  wrong.push(`${file} does not fit the source: npm run messages`);
  if (before.has(file)) writeFileSync(file, before.get(file));
}

const format = formatter();
const known = new Map();
for (const file of files) {
  const locale = basename(file, ".po");
  if (locale === SOURCE) continue;
  const messages = await format.parse(before.get(file), { locale, sourceLocale: SOURCE, filename: file });
  for (const [id, { message, translation, context, obsolete }] of Object.entries(messages)) {
    const source = message ?? id;
    if (obsolete) continue;
    if (!translation) wrong.push(`${file}: missing: ${source}`);
    else if (translation === source && !SAME_EVERYWHERE.has(source) && WORD.test(source.replace(PLACEHOLDER, "")))
      wrong.push(`${file}: not translated: ${source}`);
    else if (marks(source) !== marks(translation)) wrong.push(`${file}: other placeholders: ${source}`);
    const place = JSON.stringify([locale, context ?? "", source]);
    const first = known.get(place) ?? { file, translation };
    known.set(place, first);
    if (first.translation !== translation) wrong.push(`${file}: ${source}: ${translation}; in ${first.file}: ${first.translation}`);
  }
}
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}

/** The simple placeholders and tags of a message, sorted; plurals are left to the compiler. */
function marks(text) {
  if (/,\s*(plural|select)/.test(text)) return "";
  return (text.match(PLACEHOLDER) ?? []).sort().join(" ");
}
