import { connect } from "../connect.ts";
import { chooseEnvironment } from "../environments.ts";
import type { Define, Invocation } from "../invocation.ts";
import { environmentOption, examples, writeOptions } from "../shared-options.ts";
import { type ValueWriteOptions, writeValues } from "../write-values.ts";

export const defineUnset: Define = (command, act) => {
  examples(command, [
    "setpoint unset shop.maxItems                the inherited value or the default shows again",
    "setpoint unset shop.maxItems shop.banner -e production",
  ])
    .argument("<keys...>", "keys whose stored values go")
    .option("--if-version <version>", "only if the value still has this version");
  environmentOption(writeOptions(command)).action((keys: string[], options: ValueWriteOptions) =>
    act(command, (invocation) => unset(invocation, keys, options)),
  );
};

async function unset(invocation: Invocation, keys: readonly string[], options: ValueWriteOptions): Promise<void> {
  const daemon = await connect(invocation);
  const environment = await chooseEnvironment(invocation, daemon, options.env);
  await writeValues(
    invocation,
    daemon,
    environment,
    keys.map((key) => ({ key })),
    options,
  );
}
