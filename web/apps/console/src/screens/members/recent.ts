const KEPT = 12;

function keyOf(workspace: string): string {
  return `perennial.members.${workspace}`;
}

/** The ids of the members that were looked at on this device, the last one first. */
export function recentMembers(workspace: string): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(workspace)) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

export function rememberMember(workspace: string, customer: string): void {
  const others = recentMembers(workspace).filter((id) => id !== customer);
  localStorage.setItem(keyOf(workspace), JSON.stringify([customer, ...others].slice(0, KEPT)));
}
