import assert from "node:assert/strict";
import { it } from "node:test";

import { lastOf, type WorkStep } from "./long-work.ts";

interface Step extends WorkStep {
  made?: number;
  batch?: string;
}

async function heard(...parts: readonly string[]): Promise<{ result: string; made: number[] }> {
  const body = new ReadableStream<Uint8Array>({
    start(stream) {
      for (const part of parts) stream.enqueue(new TextEncoder().encode(part));
      stream.close();
    },
  });
  const made: number[] = [];
  const result = await lastOf<Step, string>(new Response(body), ({ batch }) => batch, (step) => made.push(step.made ?? 0));
  return { result, made };
}

it("hears how far it is, and has the result, wherever the lines are cut", async () => {
  const told = await heard('{"type":"progress","made":1}\n{"type":"prog', 'ress","made":2}\n', '{"type":"done","batch":"b"}\n');
  assert.deepEqual(told, { result: "b", made: [1, 2] });
});

it("throws the problem as it is", async () => {
  await assert.rejects(heard('{"type":"problem","problem":{"code":"taken"}}\n'), { code: "taken" });
});

it("takes no answer that ends early for a result", async () => {
  await assert.rejects(heard('{"type":"progress","made":1}\n'), /ended before/);
});
