// `npm start`: builds what the quickstart needs, unless it is built, and runs it with daemon and page. Arguments go to `setpoint dev`.
import { run } from "./run.mjs";

const needed = ["--filter=@setpoint/cli", "--filter=@setpoint/example-quickstart"];
const build = await run("turbo", ["run", "build", ...needed, "--ui=stream", "--output-logs=errors-only"], { capture: true });
if (build.code === 0) {
  const dev = await run("setpoint", ["dev", "examples/quickstart", ...process.argv.slice(2)]);
  process.exitCode = dev.code;
} else {
  console.error(build.output.trimEnd());
  process.exitCode = build.code;
}
