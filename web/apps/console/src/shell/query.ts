import { i18n } from "@lingui/core";
import { QueryClient } from "@tanstack/react-query";

import { toldBy } from "./problem";

const FRESH_MS = 15_000;
const TRIES = 2;

/** One cache for all screens. What the server refuses is not asked again; what it could not answer is. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (failures, error) => {
        const { status } = toldBy(error);
        return failures < TRIES && (status === 0 || status >= 500);
      },
    },
  },
});

// What the server has said stands there in the language that was spoken then.
let spoken = i18n.locale;
i18n.on("change", () => {
  const before = spoken;
  spoken = i18n.locale;
  if (before !== "" && before !== spoken) void queryClient.invalidateQueries();
});
