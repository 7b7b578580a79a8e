import { i18n } from "@lingui/core";
import { I18nProvider, useLingui } from "@lingui/react";
import { UiProvider } from "@perennial/ui/provider";
import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import "./session/client";

import { speak } from "./i18n/catalogs";
import { isKeptAs, localeOf, preferredLocale } from "./i18n/locales";
import { router } from "./router";
import { sessionOptions } from "./session/session";
import { fetchAhead } from "./shell/ahead";
import { queryClient } from "./shell/query";

function Console() {
  const { i18n: spoken } = useLingui();
  const { data: session } = useQuery({ ...sessionOptions, enabled: false });
  const brand = session?.brand;
  const worn = brand?.color == null ? undefined : { light: brand.light.color, dark: brand.dark.color };
  return (
    <UiProvider direction={localeOf(spoken.locale)?.direction ?? "ltr"} brand={worn}>
      <RouterProvider router={router} />
    </UiProvider>
  );
}

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no place for the console");

fetchAhead(router, queryClient);
await speak(preferredLocale());
// Another tab has chosen another language: all of them speak one.
addEventListener("storage", ({ key }) => {
  if (isKeptAs(key)) void speak(preferredLocale());
});
createRoot(place).render(
  <StrictMode>
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={queryClient}>
        <Console />
      </QueryClientProvider>
    </I18nProvider>
  </StrictMode>,
);
