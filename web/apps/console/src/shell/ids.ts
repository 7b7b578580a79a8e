const LONGEST = 40;

/** The id that a name suggests: its letters and digits, or one by the clock where it has none of ours. */
export function idOf(name: string, kind: string, now: Date): string {
  const plain = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^[-0-9]+|-+$/g, "");
  return plain === "" ? `${kind}-${now.toISOString().slice(0, 16).replace(/\D/g, "")}` : plain.slice(0, LONGEST).replace(/-+$/, "");
}

/** The wanted id, with a number where others have it. */
export function freeId(wanted: string, others: readonly { id: string }[]): string {
  const taken = new Set(others.map(({ id }) => id));
  let id = wanted;
  for (let number = 2; taken.has(id); number += 1) id = `${wanted}-${String(number)}`;
  return id;
}
