import { createTheme, type CSSVariablesResolver, type MantineColorsTuple, type MantineThemeOverride, virtualColor } from "@mantine/core";

import { shadesOf } from "./shades";

/** The colors of a brand as `#rrggbb`: one that white can be read on, and one for the dark scheme that black can. */
export interface Brand {
  light: string;
  dark: string;
}

const SHADE = { light: 7, dark: 6 } as const;

const pine: MantineColorsTuple = [
  "#edf6f1", "#d9ebe1", "#b2d7c3", "#88c2a3", "#64b088", "#46a174", "#287c52", "#1d6b4a", "#155339", "#0c3a27",
];

/** Greys with a little green in them, from ink on paper to the panels of the dark scheme. */
const dark: MantineColorsTuple = [
  "#dfe5e1", "#bcc6c0", "#a3aea7", "#78847d", "#4b5650", "#37413b", "#29322d", "#1b221e", "#141a17", "#0e1310",
];

const SANS =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Vazirmatn", "Noto Sans Arabic", ' +
  '"PingFang SC", "Noto Sans CJK SC", "Apple SD Gothic Neo", "Noto Sans CJK KR", sans-serif';
const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono", "DejaVu Sans Mono", monospace';

/** What every control of the house looks like; colors of states are in `tokens.css`. */
const house = createTheme({
  colors: { pine, dark },
  primaryColor: "pine",
  primaryShade: SHADE,
  autoContrast: true,
  // Above the reds that stand under white, below the darkest color that a brand may have in the dark scheme.
  luminanceThreshold: 0.25,
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  defaultRadius: "md",
  radius: { xs: "4px", sm: "6px", md: "9px", lg: "14px", xl: "20px" },
  headings: {
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "1.625rem", lineHeight: "1.25" },
      h2: { fontSize: "1.125rem", lineHeight: "1.35" },
      h3: { fontSize: "0.975rem", lineHeight: "1.4" },
    },
  },
  cursorType: "pointer",
  respectReducedMotion: true,
});

/** The theme of the house, or the same in the colors of a brand: whatever was pine is then theirs. */
export function themeOf(brand: Brand | undefined): MantineThemeOverride {
  if (brand === undefined) return house;
  return {
    ...house,
    colors: {
      ...house.colors,
      "brand-light": shadesOf(brand.light, SHADE.light),
      "brand-dark": shadesOf(brand.dark, SHADE.dark),
      pine: virtualColor({ name: "pine", light: "brand-light", dark: "brand-dark" }),
    },
  };
}

/** The variables of the house; links have the colors of a brand where there is one. */
export function variablesOf(brand: Brand | undefined): CSSVariablesResolver {
  if (brand === undefined) return () => own;
  const { light, dark } = own;
  return () => ({
    ...own,
    light: { ...light, "--mantine-color-anchor": brand.light },
    dark: { ...dark, "--mantine-color-anchor": brand.dark },
  });
}

/** Mantine's own variables where its defaults have too little contrast or the wrong tint. */
const own: ReturnType<CSSVariablesResolver> = {
  variables: {},
  light: {
    "--mantine-color-body": "#f7f6f1",
    "--mantine-color-text": "#1c2420",
    "--mantine-color-dimmed": "#58625c",
    "--mantine-color-placeholder": "#66706a",
    "--mantine-color-error": "#ab2a20",
    "--mantine-color-anchor": "#155f41",
    "--mantine-color-default-border": "#cfcdc2",
  },
  dark: {
    "--mantine-color-body": "#101512",
    "--mantine-color-text": "#e4eae6",
    "--mantine-color-dimmed": "#a5b0a9",
    "--mantine-color-placeholder": "#8f9b94",
    "--mantine-color-error": "#ff9d92",
    "--mantine-color-anchor": "#8fd0ae",
    "--mantine-color-default": "#1b221e",
    "--mantine-color-default-hover": "#232b27",
    "--mantine-color-default-border": "#3b4640",
  },
};
