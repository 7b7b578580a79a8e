import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { type Icon, IconCalendar, IconHierarchy2, IconHome, IconPower, IconTarget, IconTicket, IconTrendingUp, IconUsers } from "@perennial/ui/icons";

export interface Place {
  to: "/$workspace" | "/$workspace/members" | "/$workspace/programs" | "/$workspace/campaigns" | "/$workspace/segments" | "/$workspace/vouchers" | "/$workspace/reports" | "/$workspace/switches";
  label: MessageDescriptor;
  icon: Icon;
  /** The two keys that lead there: G, then this one. */
  key: string;
}

export interface PlaceGroup {
  id: string;
  label?: MessageDescriptor;
  places: readonly Place[];
}

/** The table of contents: one line per screen. A screen that is not there is not in it. */
export const NAVIGATION: readonly PlaceGroup[] = [
  { id: "start", places: [
      { to: "/$workspace", label: msg`Home`, icon: IconHome, key: "h" },
      { to: "/$workspace/reports", label: msg`Reports`, icon: IconTrendingUp, key: "r" },
    ] },
  {
    id: "people",
    label: msg`People`,
    places: [
      { to: "/$workspace/members", label: msg`Members`, icon: IconUsers, key: "m" },
      { to: "/$workspace/segments", label: msg`Segments`, icon: IconTarget, key: "g" },
    ],
  },
  {
    id: "loyalty",
    label: msg`Loyalty`,
    places: [
      { to: "/$workspace/programs", label: msg`Programs`, icon: IconHierarchy2, key: "p" },
      { to: "/$workspace/campaigns", label: msg`Campaigns`, icon: IconCalendar, key: "c" },
      { to: "/$workspace/vouchers", label: msg`Vouchers`, icon: IconTicket, key: "v" },
    ],
  },
  {
    id: "operation",
    label: msg`Operation`,
    places: [{ to: "/$workspace/switches", label: msg`Stop button`, icon: IconPower, key: "s" }],
  },
];
