import { readFileSync } from "node:fs";

import type { Plugin } from "vite";

const GENERATED = /generated\/(?:@tanstack\/react-query|sdk)\.gen\.ts$/;
const PART = /\?call=(\w+)$/;
/** Where a piece of a generated file begins: a comment, or something that is declared. */
const PIECE = /\n\n(?=\/\*\*|export |const )/;
const DECLARED = /^(?:\/\*\*.*?\*\/\n)?(export )?const (\w+)/s;
const SHARED = "shared";

/**
 * Makes a module of each call of the generated client, so that a screen loads those that it makes: the generated file
 * is one module, which no screen could load a part of.
 */
export function calls(): Plugin {
  return {
    name: "perennial-calls",
    apply: "build",
    enforce: "pre",
    load(id) {
      const [file = "", query] = id.split("?");
      if (!GENERATED.test(file)) return null;
      const pieces = piecesOf(file);
      const name = PART.exec(id)?.[1];
      const from = JSON.stringify(file);
      if (query === undefined || name === undefined) {
        const code = pieces.names.map((each) => `export { ${each} } from ${JSON.stringify(`${file}?call=${each}`)};`).join("\n");
        return { code, moduleSideEffects: false };
      }
      if (name === SHARED) return { code: `${pieces.head}\n${pieces.shared.join("\n")}\nexport { ${pieces.own.join(", ")} };`, moduleSideEffects: false };
      const others = pieces.names.filter((each) => each !== name);
      const own = pieces.own.length === 0 ? "" : `import { ${pieces.own.join(", ")} } from ${JSON.stringify(`${file}?call=${SHARED}`)};\n`;
      const code = `${pieces.head}\n${own}import { ${others.join(", ")} } from ${from};\n${pieces.code.get(name) ?? ""}`;
      return { code, moduleSideEffects: false };
    },
  };
}

function piecesOf(file: string) {
  const [head = "", ...rest] = readFileSync(file, "utf8").split(PIECE);
  const code = new Map<string, string>();
  const own: string[] = [];
  const shared: string[] = [];
  for (const piece of rest) {
    const [, exported, name] = DECLARED.exec(piece) ?? [];
    if (name !== undefined && exported !== undefined) code.set(name, piece);
    else if (name !== undefined) {
      own.push(name);
      shared.push(piece);
    }
  }
  return { head, code, own, shared, names: [...code.keys()] };
}
