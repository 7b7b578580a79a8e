import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { ApprovalView } from "@perennial/api-admin";
import type { Tone } from "@perennial/ui";

/** What is asked for. */
export const KINDS: Partial<Record<string, MessageDescriptor>> = {
  credit: msg`Points by hand`,
  merge: msg`Merge two accounts`,
  publish: msg`Publish a version`,
  plan: msg`Publish a version at an instant`,
  rollback: msg`Roll back to a version`,
};

/** What a request consists of; the rest is shown under its own name. */
export const FIELDS: Partial<Record<string, MessageDescriptor>> = {
  customer: msg`Member`,
  identifier: msg`Member, by identifier`,
  into: msg`The account that stays`,
  wallet: msg`Wallet`,
  points: msg`Points`,
  reason: msg`Reason`,
  program: msg`Program`,
  revision: msg`Draft`,
  version: msg`Version`,
  valid_from: msg`Valid from`,
  publish_at: msg`Publish at`,
  despite_cases: msg`Although test cases do not hold`,
  note: msg`Note`,
  id: msg`Id`,
};

export const STATES: Record<ApprovalView["state"], { words: MessageDescriptor; tone: Tone }> = {
  requested: { words: msg`waits`, tone: "warn" },
  approved: { words: msg`approved`, tone: "info" },
  done: { words: msg`done`, tone: "good" },
  failed: { words: msg`approved, but it failed`, tone: "bad" },
  rejected: { words: msg`rejected`, tone: "plain" },
};
