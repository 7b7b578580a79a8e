import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { Scope } from "@perennial/api-admin";

/** What each scope lets somebody do, in the order in which it is offered. */
export const SCOPES: Record<Scope, MessageDescriptor> = {
  read: msg`See members, programs and figures`,
  members: msg`Look after members: notes, rewards, exports`,
  adjust: msg`Give and take points by hand`,
  erase: msg`Erase members`,
  vouchers: msg`Make, export and take back codes`,
  programs: msg`Change and publish programs`,
  switches: msg`Use the stop button`,
  approve: msg`Approve what colleagues ask for`,
  till: msg`Serve at the till`,
  write: msg`Send orders, events and customers`,
  clock: msg`Advance the clock of the sandbox`,
  keys: msg`Make API keys`,
  staff: msg`Look after staff and roles`,
  audit: msg`Read the audit log`,
  metrics: msg`Read the metrics of the server`,
  admin: msg`Everything`,
};

export const ALL_SCOPES = Object.keys(SCOPES) as Scope[];
