import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import type { Scope } from "@perennial/api-admin";
import { type Icon, IconCalendar, IconClipboardCheck, IconFlask, IconHierarchy2, IconHome, IconKey, IconListSearch, IconPalette, IconPower, IconShare, IconTarget, IconTicket, IconTrendingUp, IconUsers, IconUserShield } from "@perennial/ui/icons";

export interface Place {
  to: "/$workspace" | "/$workspace/members" | "/$workspace/programs" | "/$workspace/campaigns" | "/$workspace/experiments" | "/$workspace/segments" | "/$workspace/vouchers" | "/$workspace/reports" | "/$workspace/switches" | "/$workspace/staff" | "/$workspace/referrals" | "/$workspace/api-keys" | "/$workspace/approvals" | "/$workspace/audit" | "/$workspace/brand";
  label: MessageDescriptor;
  icon: Icon;
  /** The two keys that lead there: G, then this one. */
  key: string;
  /** Any of these scopes does; to whoever has none of them the place is not offered. */
  needs: readonly Scope[];
}

export interface PlaceGroup {
  id: string;
  label?: MessageDescriptor;
  places: readonly Place[];
}

const READ: readonly Scope[] = ["read"];

/** The table of contents: one line per screen. A screen that is not there is not in it. */
export const NAVIGATION: readonly PlaceGroup[] = [
  {
    id: "start",
    places: [
      { to: "/$workspace", label: msg`Home`, icon: IconHome, key: "h", needs: READ },
      { to: "/$workspace/reports", label: msg`Reports`, icon: IconTrendingUp, key: "r", needs: READ },
    ],
  },
  {
    id: "people",
    label: msg`People`,
    places: [
      { to: "/$workspace/members", label: msg`Members`, icon: IconUsers, key: "m", needs: READ },
      { to: "/$workspace/segments", label: msg`Segments`, icon: IconTarget, key: "g", needs: READ },
    ],
  },
  {
    id: "loyalty",
    label: msg`Loyalty`,
    places: [
      { to: "/$workspace/programs", label: msg`Programs`, icon: IconHierarchy2, key: "p", needs: READ },
      { to: "/$workspace/campaigns", label: msg`Campaigns`, icon: IconCalendar, key: "c", needs: READ },
      { to: "/$workspace/experiments", label: msg`Experiments`, icon: IconFlask, key: "x", needs: READ },
      { to: "/$workspace/vouchers", label: msg`Vouchers`, icon: IconTicket, key: "v", needs: READ },
      { to: "/$workspace/referrals", label: msg`Referrals`, icon: IconShare, key: "f", needs: READ },
      { to: "/$workspace/brand", label: msg`Colors`, icon: IconPalette, key: "b", needs: ["programs"] },
    ],
  },
  {
    id: "operation",
    label: msg`Operation`,
    places: [
      { to: "/$workspace/switches", label: msg`Stop button`, icon: IconPower, key: "s", needs: READ },
      { to: "/$workspace/approvals", label: msg`Approvals`, icon: IconClipboardCheck, key: "q", needs: ["approve", "programs", "adjust"] },
      { to: "/$workspace/audit", label: msg`Audit log`, icon: IconListSearch, key: "l", needs: ["audit"] },
      { to: "/$workspace/staff", label: msg`Staff and roles`, icon: IconUserShield, key: "t", needs: ["staff"] },
      { to: "/$workspace/api-keys", label: msg`API keys`, icon: IconKey, key: "k", needs: ["keys"] },
    ],
  },
];

/** What screens need that are not places themselves, by the first part of their address. */
const SCREENS: Partial<Record<string, readonly Scope[]>> = {
  account: [],
  "new-codes": ["vouchers"],
  "import-codes": ["vouchers"],
  "new-experiment": ["programs"],
  begin: ["programs"],
};

/** The scopes of which one is needed for an address inside a workspace. */
export function needsOf(path: string): readonly Scope[] {
  const [, , screen = ""] = path.split("/");
  const place = NAVIGATION.flatMap((group) => group.places).find(({ to }) => to === (screen === "" ? "/$workspace" : `/$workspace/${screen}`));
  return SCREENS[screen] ?? place?.needs ?? READ;
}
