import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { CampaignView, EntryView } from "@perennial/api-admin";
import type { Tone } from "@perennial/ui";

/** Where a campaign stands, in a word and a color. */
export const STATES: Record<CampaignView["state"], { label: MessageDescriptor; tone: Tone }> = {
  draft: { label: msg`Draft only`, tone: "plain" },
  scheduled: { label: msg`Scheduled`, tone: "info" },
  running: { label: msg`Running`, tone: "good" },
  paused: { label: msg`Stopped`, tone: "bad" },
  budget_exhausted: { label: msg`Budget used up`, tone: "warn" },
  ended: { label: msg`Ended`, tone: "plain" },
};

/** What the calendar shows besides campaigns. */
export const KINDS: Record<EntryView["kind"], MessageDescriptor> = {
  campaign: msg`Campaign`,
  program_starts: msg`The program starts`,
  program_ends: msg`The program ends`,
  program_closes: msg`Balances are closed`,
  tier_review: msg`Tiers are reviewed`,
  points_expire: msg`Points expire`,
};
