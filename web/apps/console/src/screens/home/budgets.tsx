import { useLingui } from "@lingui/react/macro";
import { budgetListOptions } from "@perennial/api-admin/queries";
import { Panel } from "@perennial/ui";
import { useQuery } from "@tanstack/react-query";

import { useSpoken } from "../../i18n/spoken";
import { BudgetBar } from "../../program/budget-bar";
import classes from "./home.module.css";

/** How much of each shared cap is used, and when it will be gone. */
export function Budgets() {
  const { t } = useLingui();
  const { data } = useQuery(budgetListOptions({ query: useSpoken() }));
  const bars = (data?.data ?? []).flatMap((budget) =>
    budget.used === null ? [] : [<BudgetBar key={`${budget.part}/${budget.id}`} budget={budget} used={budget.used} />],
  );
  if (bars.length === 0) return null;
  return (
    <Panel title={t`Budgets`} hint={t`What is given out stops at the cap, even if everybody comes at once.`}>
      <div className={classes.budgets}>{bars}</div>
    </Panel>
  );
}
