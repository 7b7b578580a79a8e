import type { FieldProblem, ProblemBody } from "@perennial/api-admin";

export interface Told {
  code: string;
  detail: string;
  /** The first of what is wrong where the server says it field by field, else the whole. */
  words: string;
  status: number;
  requestId?: string;
  errors: readonly FieldProblem[];
}

/** What went wrong, whatever was thrown: a problem of the server, or no answer at all. */
export function toldBy(error: unknown): Told {
  if (isProblem(error)) {
    return {
      code: error.code,
      detail: error.detail,
      words: error.errors?.[0]?.message ?? error.detail,
      status: error.status,
      requestId: error.request_id,
      errors: error.errors ?? [],
    };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { code: "no_answer", detail, words: detail, status: 0, errors: [] };
}

/** What the browser itself says, in its own language: who asks puts it in ours. */
export function saidByBrowser(error: unknown): "declined" | "known" | "unreachable" | undefined {
  if (error instanceof TypeError) return "unreachable";
  if (!(error instanceof DOMException)) return undefined;
  if (error.name === "InvalidStateError") return "known";
  return ["NotAllowedError", "AbortError"].includes(error.name) ? "declined" : undefined;
}

/** Whether it is a problem as the server tells them, and nothing of a machine in between. */
export function isProblem(error: unknown): error is ProblemBody {
  return typeof error === "object" && error !== null && "code" in error && "request_id" in error;
}
