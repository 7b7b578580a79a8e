import { defineConfig } from "@lingui/conf";
import { formatter } from "@lingui/format-po";

/** One catalog for each screen, one for the shell and the packages: hands on different screens never meet. */
export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "zh-Hans", "zh-Hant", "ko", "fa"],
  rootDir: import.meta.dirname,
  catalogs: [
    {
      path: "<rootDir>/apps/console/src/screens/{name}/locales/{locale}",
      include: ["<rootDir>/apps/console/src/screens/{name}/"],
    },
    {
      path: "<rootDir>/apps/console/src/editor/locales/{locale}",
      include: ["<rootDir>/apps/console/src/editor/"],
    },
    {
      path: "<rootDir>/apps/console/src/locales/{locale}",
      include: ["<rootDir>/apps/console/src/", "<rootDir>/packages/ui/src/", "<rootDir>/packages/forms/src/"],
      exclude: ["<rootDir>/apps/console/src/screens/", "<rootDir>/apps/console/src/editor/"],
    },
  ],
  format: formatter({ lineNumbers: false, origins: false, printLinguiId: false }),
  orderBy: "message",
});
