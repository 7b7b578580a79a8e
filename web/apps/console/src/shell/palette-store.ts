import { createSpotlight } from "@perennial/ui";

const [store, palette] = createSpotlight();

export const paletteStore = store;

export function openPalette(): void {
  palette.open();
}
