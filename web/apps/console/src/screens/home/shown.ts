import type { Cell } from "../../reports/shape";

export interface Drawn {
  report: string;
  column: string;
  /** The rows to look at, where words split the report. */
  only?: Record<string, Cell>;
  /** The title of the report says more than that of the column. */
  byReport?: boolean;
}

export const FIGURES: readonly Drawn[] = [
  { report: "members", column: "members" },
  { report: "active-members", column: "active" },
  { report: "active-members", column: "share" },
  { report: "points", column: "issued" },
  { report: "points", column: "used" },
  { report: "points", column: "expired" },
  { report: "liability", column: "outstanding" },
  { report: "redemption-rate", column: "rate", byReport: true },
  { report: "returning-orders", column: "share", byReport: true },
  { report: "orders", column: "average_order", only: { who: "member" } },
  { report: "orders", column: "average_order", only: { who: "other" } },
  { report: "orders", column: "frequency", only: { who: "member" } },
];

export const CHARTS = ["points", "liability", "members", "orders", "tiers", "tier-migration", "cohorts", "repeat-orders", "budget-burn-down"];
