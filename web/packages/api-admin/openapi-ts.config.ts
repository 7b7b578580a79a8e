import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "../../../docs/reference/openapi.json",
  output: { path: "src/generated", clean: true },
  plugins: [
    "@hey-api/client-fetch",
    "@hey-api/typescript",
    { name: "@hey-api/sdk", auth: false },
    { name: "@tanstack/react-query", queryKeys: true },
  ],
});
