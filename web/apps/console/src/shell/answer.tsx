import { useLingui } from "@lingui/react/macro";
import { Loading, ProblemState } from "@perennial/ui";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { toldBy } from "./problem";

/** Draws what a query answered, and honestly what it did not. */
export function Answer<Data>({
  query,
  children,
  lines = 4,
}: {
  query: UseQueryResult<Data, unknown>;
  children: (data: Data) => ReactNode;
  lines?: number;
}) {
  const { t } = useLingui();
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isPending) return <Loading lines={lines} />;
  const told = toldBy(query.error);
  const title = told.status === 0 ? t`The server does not answer` : t`This could not be loaded`;
  return (
    <ProblemState
      title={title}
      detail={told.detail}
      requestId={told.requestId}
      onRetry={() => {
        void query.refetch();
      }}
    />
  );
}
