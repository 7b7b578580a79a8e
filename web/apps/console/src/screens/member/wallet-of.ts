import type { WalletView } from "@perennial/api-admin";

/** The wallet that a reference such as `program/wallet` names, if the member has it. */
export function walletOf(wallets: readonly WalletView[], reference: string): WalletView | undefined {
  return wallets.find(({ program, wallet }) => `${program}/${wallet}` === reference);
}
