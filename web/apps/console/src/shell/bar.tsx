import { Trans, useLingui } from "@lingui/react/macro";
import { Burger, Group, Kbd, UnstyledButton } from "@perennial/ui";
import { IconSearch } from "@perennial/ui/icons";

import { useWorkspace } from "../session/workspace";
import { AccountMenu } from "./account-menu";
import classes from "./bar.module.css";
import { LanguageMenu } from "./language-menu";
import { openPalette } from "./palette-store";
import { ThemeButton } from "./theme-button";
import { Kind } from "./workspace-menu";

/** The bar at the top: find anything, and how it all looks and speaks. */
export function Bar({ railOpen, onRail }: { railOpen: boolean; onRail: () => void }) {
  const { t } = useLingui();
  const workspace = useWorkspace();
  return (
    <Group h="100%" px="md" gap="xs" wrap="nowrap" justify="space-between">
      <Group gap="xs" wrap="nowrap" className={classes.start}>
        <Burger hiddenFrom="md" size="sm" opened={railOpen} onClick={onRail} aria-label={t`Places`} />
        <UnstyledButton className={classes.search} onClick={openPalette}>
          <IconSearch size={17} aria-hidden />
          <span className={classes.words}>
            <Trans>Find a member, a program, a place…</Trans>
          </span>
          <Kbd className={classes.keys} aria-hidden>
            Ctrl K
          </Kbd>
        </UnstyledButton>
      </Group>
      <Group gap={4} wrap="nowrap">
        <span className={classes.kind}>
          <Kind workspace={workspace} />
        </span>
        <LanguageMenu />
        <ThemeButton />
        <AccountMenu />
      </Group>
    </Group>
  );
}
