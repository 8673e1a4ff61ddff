import { resolve } from "node:path";
import type { Daemon, DaemonWhere } from "./daemon.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Finds the daemon that is meant; whether it answers shows with the first call.
 * @throws CliError with code 8 when there is none to find
 */
export async function connect(invocation: Invocation): Promise<Daemon> {
  // Loaded when it is needed: help and usage errors answer at once.
  const [{ discoverDaemon }, { createAdmin, ProblemError }, { errorOfProblem }, { unreachableError }] = await Promise.all([
    import("@setpoint/client"),
    import("@setpoint/client/admin"),
    import("./fault-words.ts"),
    import("./unreachable-error.ts"),
  ]);
  const where = whereToLook(invocation);
  const found = discoverDaemon(where);
  if ("problem" in found) throw await unreachableError(invocation, found.problem);
  const admin = createAdmin({ ...where, retriesMax: 1 });
  const headers = { "user-agent": `setpoint-cli/${invocation.version}` };
  return {
    url: found.url,
    stateDir: found.stateDir,
    where,
    call: (async (id: "readConfig", input: object) => {
      try {
        return (await admin.call(id, { ...(input as { params: { environment: string } }), headers })).body;
      } catch (fault) {
        if (!(fault instanceof ProblemError)) throw fault;
        throw fault.code === "unreachable" ? await unreachableError(invocation, fault.detail, fault) : errorOfProblem(fault);
      }
    }) as Daemon["call"],
  };
}

/** What the options say, before the variables: a project that is named is looked into, and nowhere else. */
function whereToLook({ cwd, env, options }: Invocation): DaemonWhere {
  const { project, url, tokenFile } = options;
  const token = tokenFile === undefined ? {} : { SETPOINT_TOKEN: undefined, SETPOINT_TOKEN_FILE: resolve(cwd, tokenFile) };
  const place = project === undefined ? {} : { SETPOINT_URL: undefined, SETPOINT_STATE_DIR: undefined };
  return {
    ...(url !== undefined && { url }),
    ...(project !== undefined && { stateDir: resolve(cwd, project, ".setpoint") }),
    folder: cwd,
    variables: { ...env, ...place, ...token },
  };
}
