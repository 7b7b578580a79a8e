import { i18n as spoken } from "@lingui/core";
import { useLingui } from "@lingui/react";

/** The language in which the server is asked to say what people read; it stands in the key of what is kept. */
export function useSpoken(): { language: string } {
  const { i18n } = useLingui();
  return { language: i18n.locale };
}

/** The same for who asks before a screen is drawn. */
export function spokenNow(): { language: string } {
  return { language: spoken.locale };
}
