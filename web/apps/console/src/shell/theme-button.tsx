import { useLingui } from "@lingui/react/macro";
import { ActionIcon, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@perennial/ui";
import { IconMoon, IconSun } from "@perennial/ui/icons";

/** Light or dark; until it is pressed, as the system wants it. */
export function ThemeButton() {
  const { t } = useLingui();
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme();
  const label = scheme === "dark" ? t`Light colors` : t`Dark colors`;
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label={label}
        onClick={() => {
          setColorScheme(scheme === "dark" ? "light" : "dark");
        }}
      >
        {scheme === "dark" ? <IconSun size={19} aria-hidden /> : <IconMoon size={19} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
