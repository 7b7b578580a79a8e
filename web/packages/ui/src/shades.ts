/** The ten shades of a color, from nearly white to nearly black, with the color itself at one place. */
export type Shades = [string, string, string, string, string, string, string, string, string, string];

const WHITE = 255;
const HEX = 16;
/** The palest and the darkest shade are this near to white and to black. */
const END = 0.92;
const DEEPEST = 0.6;

/** Shades of `#rrggbb`: above `place` they become paler, below it darker, in even steps. */
export function shadesOf(color: string, place: number): Shades {
  const shade = (at: number) => {
    if (at < place) return mixed(color, WHITE, (END * (place - at)) / place);
    return mixed(color, 0, (DEEPEST * (at - place)) / (10 - place));
  };
  return [shade(0), shade(1), shade(2), shade(3), shade(4), shade(5), shade(6), shade(7), shade(8), shade(9)];
}

function mixed(color: string, end: number, share: number): string {
  const channels = [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), HEX));
  const written = channels.map((channel) => Math.round(channel + (end - channel) * share).toString(HEX).padStart(2, "0"));
  return `#${written.join("")}`;
}
