import { settingRows } from "../../apps/daemon/src/settings.ts";
import { code, table } from "./table.mjs";

export function settingsPage() {
  const rows = Object.values(settingRows).map((row) => [
    code(`--${row.flag} ${row.placeholder}`),
    code(row.variable),
    row.description,
    row.default.replaceAll("<", "&lt;"),
  ]);
  return `# Settings of the daemon

Each setting of \`setpointd\` is a flag or an environment variable; the flag wins. A value that is not understood ends the start with exit code 2 and names the flag. \`setpointd --help\` prints the same list. \`setpoint up\` and \`setpoint dev\` run the daemon and hand these variables on.

${table(["Flag", "Variable", "What it sets", "Default"], rows)}

Limits of requests, schemas and the stream are constants; they stand in [the architecture](../architecture.md#13-limits).

## Variables of clients and of the command line

| Variable | What it says |
| --- | --- |
| \`SETPOINT_URL\` | the daemon's URL |
| \`SETPOINT_TOKEN\`, \`SETPOINT_TOKEN_FILE\` | the token, or the file that holds it |
| \`SETPOINT_STATE_DIR\` | the state folder whose \`daemon.json\` and \`token\` are used |
| \`SETPOINT_ENVIRONMENT\` | the environment, instead of the project's default |

Without any of them, programs look for \`.setpoint/\` in the current folder and its parents, then for \`$XDG_STATE_HOME/setpoint\`.
`;
}
