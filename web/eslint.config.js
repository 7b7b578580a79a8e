import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const RAW_COLOR = "Literal[value=/^(#[0-9a-fA-F]{3,8}|(rgb|hsl|oklch|lab)a?\\()/]";
const COLOR_WORDS = "Raw colors live in packages/ui alone: use a token (--p-…) or a tone.";
const MANTINE = { group: ["@mantine/*", "@tabler/*"], message: "Mantine and its icons stand behind @perennial/ui." };
const ADMIN = {
  group: ["@perennial/api-admin", "@perennial/api-admin/*", "**/api-admin/**"],
  message: "The admin client is for the console alone: what members see must not know it.",
};

export default tseslint.config(
  { ignores: ["**/node_modules/", "**/dist/", "**/generated/"] },
  ...tseslint.configs.strict,
  ...tseslint.configs.stylistic,
  jsxA11y.flatConfigs.strict,
  reactHooks.configs.flat["recommended-latest"],
  {
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "no-console": "error",
      "no-restricted-syntax": ["error", { selector: RAW_COLOR, message: COLOR_WORDS }],
      "max-lines": ["error", 300],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-restricted-imports": ["error", { patterns: [MANTINE, ADMIN] }],
    },
  },
  { files: ["packages/ui/**"], rules: { "no-restricted-syntax": "off", "no-restricted-imports": ["error", { patterns: [ADMIN] }] } },
  { files: ["apps/console/**"], rules: { "no-restricted-imports": ["error", { patterns: [MANTINE] }] } },
  { files: ["tools/**"], rules: { "no-console": "off" } },
);
