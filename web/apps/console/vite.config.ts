import { join } from "node:path";

import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

import { calls } from "./calls";
import { chunks } from "./chunks";
import { precompress } from "./precompress";

/** `npm run dev` sends what is asked of the API on to the server that PERENNIAL_URL names. */
export default defineConfig(({ mode }) => {
  const environment = loadEnv(mode, ".", "PERENNIAL_");
  const target = environment.PERENNIAL_URL ?? "http://127.0.0.1:8000";
  return {
    base: "/console/",
    plugins: [
      lingui({ cwd: join(import.meta.dirname, "../.."), macroTransform: true, failOnCompileError: true }),
      react(),
      calls(),
      precompress(),
    ],
    build: {
      target: "es2022",
      manifest: true,
      reportCompressedSize: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      // A file of a few hundred bytes costs as much again: what every screen needs comes in few of them.
      rolldownOptions: {
        output: {
          codeSplitting: {
            groups: chunks,
            includeDependenciesRecursively: false,
          },
        },
      },
    },
    server: { fs: { allow: ["../../.."] }, proxy: { "/v1": { target, changeOrigin: false } } },
  };
});
