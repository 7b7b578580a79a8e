import { useLingui } from "@lingui/react/macro";
import { ActionIcon, Menu } from "@perennial/ui";
import { IconCheck, IconLanguage } from "@perennial/ui/icons";

import { speak } from "../i18n/catalogs";
import { LOCALES } from "../i18n/locales";

/** The languages, each by its own name. */
export function LanguageMenu() {
  const { t, i18n } = useLingui();
  return (
    <Menu position="bottom-end" width={180}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={36} aria-label={t`Language`}>
          <IconLanguage size={19} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {LOCALES.map((locale) => (
          <Menu.Item
            key={locale.code}
            lang={locale.code}
            dir={locale.direction}
            rightSection={locale.code === i18n.locale ? <IconCheck size={16} aria-hidden /> : undefined}
            onClick={() => {
              void speak(locale);
            }}
          >
            {locale.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
