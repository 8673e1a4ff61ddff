// `npm start`: builds everything that is not built, so that every example runs after it, and runs the quickstart with daemon and page.
// Arguments go to `setpoint dev`.
import { run } from "./run.mjs";

const build = await run("turbo", ["run", "build", "--ui=stream", "--output-logs=errors-only"], { capture: true });
if (build.code === 0) {
  const dev = await run("setpoint", ["dev", "examples/quickstart", ...process.argv.slice(2)]);
  process.exitCode = dev.code;
} else {
  console.error(build.output.trimEnd());
  process.exitCode = build.code;
}
