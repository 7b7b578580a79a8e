const NOTHING_ELSE = /^(-?)(\d{1,15})(?:[.,٫](\d*))?$/;
const PERSIAN = /[۰-۹٠-٩]/g;

/** An amount in minor units as people type it. */
export function typed(minor: number, digits: number): string {
  const sign = minor < 0 ? "-" : "";
  const text = Math.abs(minor).toString().padStart(digits + 1, "0");
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** What somebody typed, in minor units; nothing where it is no amount with so many digits. */
export function minorOf(words: string, digits: number): number | undefined {
  const plain = words.trim().replace(PERSIAN, (digit) => String(digit.charCodeAt(0) & 15));
  const match = NOTHING_ELSE.exec(plain);
  if (match === null) return undefined;
  const [, sign, whole = "0", part = ""] = match;
  if (part.length > digits) return undefined;
  const value = Number(whole + part.padEnd(digits, "0"));
  return Number.isSafeInteger(value) ? (sign === "-" ? -value : value) : undefined;
}
