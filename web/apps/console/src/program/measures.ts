import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";

/** What is counted over the past of a member, in words. */
export const MEASURE_WORDS: Record<string, MessageDescriptor> = {
  "orders.count": msg`the number of orders`,
  "orders.net": msg`what was spent on orders`,
  "lines.net": msg`what was spent on products`,
  "lines.quantity": msg`the number of products bought`,
  "points.earned": msg`the points earned`,
  "events.count": msg`the number of events`,
  "events.sum": msg`the sum over events`,
};
