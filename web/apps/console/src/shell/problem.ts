import type { FieldProblem, ProblemBody } from "@perennial/api-admin";

export interface Told {
  code: string;
  detail: string;
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
      status: error.status,
      requestId: error.request_id,
      errors: error.errors ?? [],
    };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { code: "no_answer", detail, status: 0, errors: [] };
}

function isProblem(error: unknown): error is ProblemBody {
  return typeof error === "object" && error !== null && "code" in error && "request_id" in error;
}
