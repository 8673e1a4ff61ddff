import { CliError } from "./cli-error.ts";
import type { Daemon } from "./daemon.ts";

/** Does something about one key; a key that does not exist is refused together with the existing one that is most like it. */
export async function withNearKey<T>(daemon: Daemon, environment: string, key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CliError) || error.details.code !== "configuration_not_found" || error.details.correction) throw error;
    const { values } = await daemon.call("readConfig", { params: { environment } });
    const { suggestKey } = await import("@setpoint/core");
    const near = suggestKey(key, Object.keys(values));
    if (near === undefined) throw error;
    throw new CliError(error.exitCode, `${error.message} Did you mean "${near}"?`, { ...error.details, correction: [key, near] });
  }
}
