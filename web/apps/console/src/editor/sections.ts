import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { SwitchKind } from "@perennial/api-admin";

import type { Path } from "./document";
import { DEFINITIONS, PROGRAM } from "./program-schema";
import type { Schema } from "./schema";

/** A part of the program document that has a list of entries, or is a form of its own. */
export interface Section {
  id: string;
  label: MessageDescriptor;
  /** What somebody who has none of them should know. */
  teaches: MessageDescriptor;
  path: Path;
  schema: Schema;
  list: boolean;
  switch?: SwitchKind;
  without?: readonly string[];
}

const GROUPS = ["wallets", "earning_rules", "tiers", "rewards", "campaigns", "messages", "limits", "stacking", "referrals", "challenges", "experiments", "holdouts", "declarations", "rfm", "cases", "program"];

/** The section of the test cases, which have a form of their own. */
export const CASES = "cases";

function listOf(schema: Schema | undefined): Schema {
  return schema?.items === undefined || schema.items === false ? {} : schema.items;
}

function ofProgram(name: string): Schema {
  return listOf(PROGRAM.properties?.[name]);
}

export const SECTIONS: readonly Section[] = [
  { id: "program", label: msg`The program`, teaches: msg`Its name, currency and zone.`, path: [], schema: PROGRAM, list: false, without: GROUPS },
  { id: "wallets", label: msg`Wallets`, teaches: msg`A wallet is a balance that every member has: points, stamps or money.`, path: ["wallets"], schema: ofProgram("wallets"), list: true },
  { id: "rules", label: msg`Earning rules`, teaches: msg`A rule says what members earn, and for what.`, path: ["earning_rules"], schema: ofProgram("earning_rules"), list: true, switch: "rule" },
  { id: "tiers", label: msg`Tiers`, teaches: msg`Tiers reward those who come more often. The lowest one stands first.`, path: ["tiers", "levels"], schema: listOf(DEFINITIONS.TierSystem?.properties?.levels), list: true },
  { id: "tier-terms", label: msg`How tiers are reached`, teaches: msg`What is measured, and how long a tier lasts.`, path: ["tiers"], schema: DEFINITIONS.TierSystem ?? {}, list: false, without: ["levels"] },
  { id: "rewards", label: msg`Rewards`, teaches: msg`A reward is what points or a code give.`, path: ["rewards"], schema: ofProgram("rewards"), list: true, switch: "reward" },
  { id: "campaigns", label: msg`Campaigns`, teaches: msg`A campaign bundles rules and rewards for some days and some people.`, path: ["campaigns"], schema: ofProgram("campaigns"), list: true, switch: "campaign" },
  { id: "messages", label: msg`Messages`, teaches: msg`A message is an e-mail that goes out because something happened.`, path: ["messages"], schema: ofProgram("messages"), list: true, switch: "message" },
  { id: "stacking", label: msg`Stacking`, teaches: msg`What may be combined on one order.`, path: ["stacking"], schema: DEFINITIONS.Stacking ?? {}, list: false },
  { id: "budgets", label: msg`Budgets`, teaches: msg`A budget is a limit that several rules and rewards share.`, path: ["limits"], schema: ofProgram("limits"), list: true },
  { id: "referrals", label: msg`Referrals`, teaches: msg`What members get for bringing friends, and what the friends get.`, path: ["referrals", "offers"], schema: listOf(DEFINITIONS.Referrals?.properties?.offers), list: true },
  { id: "challenges", label: msg`Challenges`, teaches: msg`A challenge has goals, and gives something to whoever reaches them.`, path: ["challenges"], schema: ofProgram("challenges"), list: true },
  { id: "experiments", label: msg`Experiments`, teaches: msg`An experiment compares variants on members who are chosen by lot.`, path: ["experiments"], schema: ofProgram("experiments"), list: true },
  { id: "holdouts", label: msg`Holdouts`, teaches: msg`A holdout gives nothing to some, to see what the program brings.`, path: ["holdouts"], schema: ofProgram("holdouts"), list: true },
  { id: CASES, label: msg`Test cases`, teaches: msg`What must hold whenever the program is published: who does what, and what comes of it.`, path: ["cases"], schema: ofProgram("cases"), list: true },
];

/** The section that a path leads into: the one that knows most of it. */
export function sectionAt(path: Path): Section | undefined {
  const fits = SECTIONS.filter((section) => section.path.length > 0 && section.path.every((part, at) => path[at] === part));
  return fits.toSorted((one, other) => other.path.length - one.path.length)[0] ?? SECTIONS[0];
}
