import { defineConfig } from "vitest/config";

/** One run over the whole workspace: a test enters by its package's sources, every other package is the built one. */
export default defineConfig({
  oxc: { jsx: { runtime: "automatic" } },
  test: {
    include: ["{packages,apps,examples}/*/test/**/*.test.{ts,tsx}", "e2e/test/**/*.test.{ts,tsx}"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Built packages are loaded by Node itself, exactly as an application loads them.
    server: { deps: { external: [/\/(packages|apps)\/[^/]+\/dist\//] } },
  },
});
