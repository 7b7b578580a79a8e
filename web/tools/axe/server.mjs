// Answers as the server does: with what it has answered to these pages (python -m tests.e2e.answers records it).
import { readFileSync } from "node:fs";

const { pages, answers } = JSON.parse(readFileSync(new URL("answers.json", import.meta.url), "utf8"));

export { pages };

const NodeRequest = globalThis.Request;
const byPath = new Map(Object.entries(answers).reverse().map(([asked, answer]) => [pathOf(asked), answer]));
/** What was asked and never recorded. */
export const unanswered = new Set();
let open = 0;

/** Let every request of this process be answered from the record. */
export function answerAll(origin) {
  // An address without a host is the server's, and a signal of the window's none of Node's.
  globalThis.Request = class extends NodeRequest {
    constructor(address, options) {
      super(new URL(address, origin), { ...options, signal: undefined });
    }
  };
  globalThis.fetch = async (request) => {
    open += 1;
    try {
      return await answerTo(request);
    } finally {
      open -= 1;
    }
  };
}

/** Whether a request waits for its answer. */
export function isAsked() {
  return open > 0;
}

/** The answer to this request, or to the first at its address: a query may hold the day of today. */
async function answerTo(request) {
  const { pathname, search } = new URL(request.url);
  const asked = [request.method, pathname + search, await request.text()].join(" ").trimEnd();
  const answer = answers[asked] ?? byPath.get(pathOf(asked));
  if (answer === undefined) {
    unanswered.add(asked);
    return new Response(null, { status: 404 });
  }
  return new Response(answer.body, { status: answer.status, headers: { "content-type": answer.type } });
}

function pathOf(asked) {
  return asked.split(/[ ?]/, 2).join(" ");
}
