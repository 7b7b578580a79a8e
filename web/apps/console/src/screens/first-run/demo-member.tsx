import type { BrandPreview, Demonstration } from "@perennial/api-admin";

import { useFormat } from "../../i18n/format";
import { MemberCards } from "../../program/member-cards";
import { nameOf } from "./deed-words";

export interface DemoMemberProps {
  title: string;
  told: Demonstration;
  colors: BrandPreview;
}

/** The made-up member of whom the story tells last, as the program leaves them, in the colors of the workspace. */
export function DemoMember({ title, told, colors }: DemoMemberProps) {
  const format = useFormat();
  const last = told.steps.at(-1);
  if (last === undefined) return null;
  const stands = told.wallets.map(({ id, name, decimals }) => ({ amount: format.points(last.balances[id] ?? 0, decimals), unit: name }));
  return <MemberCards colors={colors} title={title} who={nameOf(last.customer)} stands={stands} tier={last.tier} />;
}
