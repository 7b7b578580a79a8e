// Raw colors are in the tokens of packages/ui alone; every other style sheet names a token.
import { globSync, readFileSync } from "node:fs";

const RAW = /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch|lab)a?\(/gi;
const COMMENT = /\/\*[\s\S]*?\*\//g;
const TOKENS = "packages/ui/src/tokens.css";

const found = globSync("{apps,packages}/*/src/**/*.css")
  .filter((file) => file !== TOKENS)
  .flatMap((file) => {
    const colors = readFileSync(file, "utf8").replace(COMMENT, "").match(RAW) ?? [];
    return colors.map((color) => `${file}: the raw color ${color}`);
  });
if (found.length > 0) {
  console.error(found.join("\n"));
  process.exit(1);
}
