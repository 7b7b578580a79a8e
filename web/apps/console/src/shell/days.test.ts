import assert from "node:assert/strict";
import { it } from "node:test";

import { endOf, startOf } from "./days.ts";

const DAYS: readonly [day: string, zone: string, start: string, end: string][] = [
  ["2026-12-31", "UTC", "2026-12-31T00:00:00.000Z", "2026-12-31T23:59:59.999Z"],
  ["2026-12-31", "Asia/Seoul", "2026-12-30T15:00:00.000Z", "2026-12-31T14:59:59.999Z"],
  ["2026-07-01", "America/New_York", "2026-07-01T04:00:00.000Z", "2026-07-02T03:59:59.999Z"],
  ["2024-02-29", "Asia/Tehran", "2024-02-28T20:30:00.000Z", "2024-02-29T20:29:59.999Z"],
  // 23 and 25 hours.
  ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"],
  ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z"],
  // Without a midnight, and with two of them.
  ["2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z", "2018-11-05T01:59:59.999Z"],
  ["2026-11-01", "America/Havana", "2026-11-01T04:00:00.000Z", "2026-11-02T04:59:59.999Z"],
];

it("finds the first and the last instant of a day in its zone", () => {
  for (const [day, zone, start, end] of DAYS) {
    assert.deepEqual([startOf(day, zone), endOf(day, zone)], [start, end], `${day} in ${zone}`);
  }
});

it("takes the zone of the device where none is named", () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  assert.equal(startOf("2026-06-01"), startOf("2026-06-01", here));
});
