/** The zone of this device. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export const ZONES: string[] = [...new Set([ownZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])];

export const CURRENCIES: string[] = Intl.supportedValuesOf("currency");
