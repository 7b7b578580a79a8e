import { useLingui } from "@lingui/react";

/** The language in which the server is asked to say what people read; it stands in the key of what is kept. */
export function useSpoken(): { language: string } {
  const { i18n } = useLingui();
  return { language: i18n.locale };
}
