// No barriers, and no values of the API as they are: axe reads every page and dialog that the browser tests open, built as people get it, in a window of jsdom
// over answers that the server has given. What needs layout or color (contrast, sizes, overlaps) is the browser's.
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { rawValues } from "./axe/raw.mjs";
import { answerAll, isAsked, pages, unanswered } from "./axe/server.mjs";
import { isBusy, openWindow } from "./axe/window.mjs";

const ORIGIN = "http://localhost";
const DIST = resolve("apps/console/dist");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const OF_LAYOUT = { "color-contrast": { enabled: false }, "target-size": { enabled: false } };
const PATIENCE_MS = 60_000;
const STILL_TURNS = 4;
const RAW = "a value of the API";
/** What must be found, or the check finds nothing. */
const FAULTS = { "image-alt": '<img src="data:,">', "button-name": "<button></button>", label: "<input>" };

const pause = promisedTimer(setTimeout);
const wrong = [];
const html = readFileSync(`${DIST}/index.html`, "utf8");
const entry = /src="\/console\/(assets\/[^"]+)"/.exec(html)?.[1];
const window = openWindow(html.replace(/<(script|link)\b[^>]*>/g, ""), `${ORIGIN}/console/`);
const { default: axe } = await import("axe-core");
answerAll(ORIGIN);
console.error = (...words) => wrong.push(["an error is logged", ...words].join(": "));
process.on("uncaughtException", (error) => wrong.push(`an error is thrown: ${error.stack}`));
const between = pages.members;
let last = between;
await start(between);

for (const [name, page] of Object.entries(pages)) {
  // A screen that is open already keeps what it began with: it is opened anew.
  if (screenOf(page) === screenOf(last)) await open(between);
  await open(page);
  last = page;
  for (const each of page.buttons) await press(each);
  const found = await violations();
  wrong.push(...found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`));
  await speak("fa");
  wrong.push(...rawValues(document).map((raw) => `a value of the API is shown as it is: ${raw}`));
  await speak("en");
  wrong.push(...[...unanswered].map((asked) => `no answer is recorded to ${asked}: python -m tests.e2e.answers`));
  if (wrong.length > 0) console.log([`${name} (${page.address}):`, ...wrong].join("\n  "));
  if (wrong.length > 0) process.exitCode = 1;
  wrong.length = 0;
  unanswered.clear();
}
await control();
process.exit();

/** Import the build at the address of a page. Every chunk is read now, so that later nothing waits for the disk. */
async function start({ address }) {
  localStorage.setItem("perennial.language", "en");
  window.history.replaceState(null, "", `/console${address}`);
  await import(pathToFileURL(`${DIST}/${entry}`));
  const chunks = readdirSync(`${DIST}/assets`).filter((file) => file.endsWith(".js"));
  for (const file of chunks) await import(pathToFileURL(`${DIST}/assets/${file}`));
}

function screenOf({ address }) {
  return address.split("?")[0];
}

/** Go to a page as the back button does, and wait until it stands still. */
async function open({ address }) {
  window.history.pushState(null, "", `/console${address}`);
  window.dispatchEvent(new window.PopStateEvent("popstate"));
  await settle();
}

async function press(words) {
  const named = [...document.querySelectorAll("button, a, [role=menuitem]")].find(({ textContent }) => textContent.trim() === words);
  if (named === undefined) wrong.push(`there is no button "${words}"`);
  else named.click();
  await settle();
}

/** Switch the language as another tab does. */
async function speak(newValue) {
  localStorage.setItem("perennial.language", newValue);
  window.dispatchEvent(new window.StorageEvent("storage", { key: "perennial.language", newValue }));
  await settle();
}

/** Wait until nothing is asked, nothing is about to happen, and the page is the same for some turns. */
async function settle() {
  const end = performance.now() + PATIENCE_MS;
  let before = "";
  for (let still = 0; still < STILL_TURNS; ) {
    await pause(5);
    if (performance.now() > end) return wrong.push("the page does not come to rest");
    const waiting = isAsked() || isBusy() || document.querySelector("main") === null;
    const now = waiting ? "" : document.body.innerHTML;
    still = !waiting && now === before ? still + 1 : 0;
    before = now;
  }
}

async function violations() {
  const { violations: found } = await axe.run(document, { runOnly: RULES, rules: OF_LAYOUT, resultTypes: ["violations"], preload: false });
  return found;
}

/** The negative control: barriers and a value of the API that are planted on the last page are found. */
async function control() {
  document.querySelector("main").insertAdjacentHTML("beforeend", `${Object.values(FAULTS).join("")}<p>in_review</p>`);
  const found = new Set((await violations()).map(({ id }) => id));
  if (rawValues(document).length > 0) found.add(RAW);
  const missed = [...Object.keys(FAULTS), RAW].filter((id) => !found.has(id));
  if (missed.length === 0) return;
  console.log(`Planted and not found: ${missed.join(", ")}.`);
  process.exitCode = 1;
}

function promisedTimer(start) {
  return (wait) => new Promise((resolved) => start(resolved, wait));
}
