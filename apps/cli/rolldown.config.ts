import { defineConfig } from "rolldown";

/**
 * One bundle with a chunk per command: a command line is started anew for every word, and loading a hundred small modules costs
 * more than running them. Node's own types of the sources are checked by `typecheck`.
 */
export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  output: { dir: "dist", format: "esm", sourcemap: true, cleanDir: true },
});
