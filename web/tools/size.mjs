// The first load: every script that any screen needs before it can be used stays under 250 kB of gzip, in few files.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const MOST_BYTES = 250_000;
/** Browsers open six connections to a server that speaks HTTP/1.1; each further file waits for one of them. */
const MOST_FILES = 36;
const DIST = "apps/console/dist";
const ENTRY = "index.html";
const FRAME = "src/shell/frame.tsx";
const LAZY_ON_PURPOSE = new Set(["../../packages/forms/src/document-editor.tsx"]);

const manifest = JSON.parse(readFileSync(`${DIST}/.vite/manifest.json`, "utf8"));
const screens = Object.keys(manifest).filter((name) => /^src\/screens\/[^/]+\/[^/]+-screen\.tsx$/.test(name));

/** Files that load with these entries, imports of imports included. */
function filesOf(...names) {
  const seen = new Set();
  const todo = [...names];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    if (seen.has(name) || LAZY_ON_PURPOSE.has(name)) continue;
    seen.add(name);
    todo.push(...(manifest[name].imports ?? []));
  }
  return [...new Set([...seen].map((name) => manifest[name].file))].filter((file) => file.endsWith(".js"));
}

let tooLarge = false;
for (const screen of screens) {
  const files = filesOf(ENTRY, FRAME, screen);
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(`${DIST}/${file}`), { level: 9 }).length, 0);
  console.log(`${(bytes / 1000).toFixed(0).padStart(4)} kB  ${String(files.length).padStart(3)} files  ${screen}`);
  tooLarge ||= bytes > MOST_BYTES || files.length > MOST_FILES;
}
if (tooLarge || screens.length === 0) {
  console.error(`A first load is over ${MOST_BYTES / 1000} kB or ${MOST_FILES} files.`);
  process.exit(1);
}
