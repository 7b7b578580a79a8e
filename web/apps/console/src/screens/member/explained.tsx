import { useLingui } from "@lingui/react/macro";
import { Dialog, Loading } from "@perennial/ui";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { wordsOf } from "../../i18n/catalogs";
import { memberRoute } from "./route";

/** Comes when something is to be explained, with the words of the editor, which says what a rule waits for. */
const DecisionsOf = lazy(async () => {
  const [found] = await Promise.all([import("./decisions"), wordsOf("editor")()]);
  return found;
});
const MakeCase = lazy(() => import("./make-case"));

/** Why an order or event gave what it gave: every rule with its reasons and its arithmetic. */
export function Explained() {
  const { t } = useLingui();
  const { why, of, make } = memberRoute.useSearch();
  const navigate = useNavigate({ from: memberRoute.fullPath });
  return (
    <Dialog
      opened={why !== undefined}
      onClose={() => void navigate({ search: (search) => ({ tab: search.tab }), replace: true })}
      title={<bdi>{why === undefined ? "" : make === undefined ? t`Why: ${why}` : t`A test case of ${why}`}</bdi>}
      size="lg"
    >
      {why !== undefined && (
        <Suspense fallback={<Loading lines={6} />}>
          {make === undefined ? (
            <DecisionsOf
              id={why}
              of={of === "event" ? "event" : "order"}
              onMake={(program) => void navigate({ search: (search) => ({ ...search, make: program }), replace: true })}
            />
          ) : (
            <MakeCase order={why} program={make} onBack={() => void navigate({ search: (search) => ({ tab: search.tab, why, of }), replace: true })} />
          )}
        </Suspense>
      )}
    </Dialog>
  );
}
