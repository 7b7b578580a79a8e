const DAY_MS = 86_400_000;

/** The first instant of a day such as 2026-12-01 in a zone; without one, that of this device. */
export function startOf(day: string, zone = zoneHere()): string {
  return new Date(start(day, zone)).toISOString();
}

/** The last instant of a day, as exactly as people write it. */
export function endOf(day: string, zone = zoneHere()): string {
  return new Date(start(new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10), zone) - 1).toISOString();
}

function zoneHere(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Midnight, or what comes first of the day where the clocks leave midnight out or have it twice. */
function start(day: string, zone: string): number {
  const midnight = Date.parse(day);
  const clock = new Intl.DateTimeFormat("en-CA-u-hc-h23", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const shown = (instant: number) => {
    const part = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, value]));
    return `${part.year ?? ""}-${part.month ?? ""}-${part.day ?? ""}T${part.hour ?? ""}:${part.minute ?? ""}:${part.second ?? ""}Z`;
  };
  const offsets = [midnight - DAY_MS, midnight + DAY_MS].map((instant) => Date.parse(shown(instant)) - instant);
  const found = offsets.map((offset) => midnight - offset).sort((one, other) => one - other);
  return found.find((instant) => shown(instant).startsWith(day)) ?? found[0] ?? midnight;
}
