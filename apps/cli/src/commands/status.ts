import { columns } from "../columns.ts";
import { connect } from "../connect.ts";
import type { Answer } from "../daemon.ts";
import type { Environment } from "../environments.ts";
import { escapeTerminal } from "../escape-terminal.ts";
import type { Define, Invocation } from "../invocation.ts";
import type { Palette } from "../palette.ts";
import { examples } from "../shared-options.ts";
import { agoWords } from "../when-words.ts";

type Instance = Answer<"listInstances">["instances"][number];

interface Status {
  readonly url: string;
  readonly stateDir?: string;
  readonly latencyMs: number;
  readonly health: Answer<"readyz">;
  readonly environments: readonly Environment[];
  readonly head: number;
  readonly instances: readonly Instance[];
}

export const defineStatus: Define = (command, act) => {
  examples(command, ["setpoint status", "setpoint status --json | jq .health.status"])
    .addHelpText("after", "\nExit code 0 where the daemon serves, also when something needs attention; 8 where it cannot be reached.")
    .action(() => act(command, status));
};

async function status(invocation: Invocation): Promise<void> {
  const daemon = await connect(invocation);
  const [{ environments }, { head, instances }] = await Promise.all([daemon.call("listEnvironments"), daemon.call("listInstances")]);
  // Measured last: the first calls pay for what this program loads.
  const startedMs = performance.now();
  const health = await daemon.call("readyz");
  const latencyMs = Math.round((performance.now() - startedMs) * 10) / 10;
  const { url, stateDir } = daemon;
  const found: Status = { url, ...(stateDir !== undefined && { stateDir }), latencyMs, health, environments, head, instances };
  invocation.output.result({
    json: found,
    text: (style) => statusLines(found, invocation.now(), style),
    plain: () => [
      ["url", url],
      ["status", health.status],
      ["revision", String(health.revision)],
      ["latencyMs", String(latencyMs)],
      ...health.problems.map(({ code, detail }) => ["problem", code, escapeTerminal(detail)]),
      ...instances.map(({ service, id, environment, applied, state }) =>
        ["instance", service, id, environment, String(applied), state].map((cell) => escapeTerminal(cell)),
      ),
    ],
  });
}

function statusLines({ url, stateDir, latencyMs, health, environments, head, instances }: Status, now: number, style: Palette): string[] {
  const { bold, dim, green, yellow } = style;
  const isWell = health.status === "ok";
  const rows = [
    ["daemon", `${bold(url)}  ${dim(`answers in ${latencyMs} ms`)}`],
    ...(stateDir === undefined ? [] : [["state", escapeTerminal(stateDir)]]),
    ["health", isWell ? green("● well") : yellow("● needs attention")],
    ["revision", String(health.revision)],
    ["environments", environmentWords(environments, style)],
  ];
  return [
    ...columns(rows.map(([name = "", text = ""]) => [dim(name), text])),
    ...health.problems.map(({ detail }) => `  ${yellow("!")} ${escapeTerminal(detail, "\n")}`),
    "",
    ...(instances.length === 0 ? [dim("No app is connected.")] : instanceLines(instances, head, now, style)),
  ];
}

/** The environments in a line: the default one first, production marked. */
export function environmentWords(environments: readonly Environment[], { dim, yellow }: Palette): string {
  return environments
    .map(({ name, isProduction }, index) => {
      const marks = [index === 0 ? "default" : "", isProduction && !/prod/i.test(name) ? "production" : ""].filter((mark) => mark !== "");
      const shown = isProduction ? yellow(escapeTerminal(name)) : escapeTerminal(name);
      return marks.length === 0 ? shown : `${shown} ${dim(`(${marks.join(", ")})`)}`;
    })
    .join(", ");
}

function instanceLines(instances: readonly Instance[], head: number, now: number, style: Palette): string[] {
  const { bold, dim, green, red, yellow } = style;
  const stateWords = ({ state, refusal, applied }: Instance): string => {
    if (state === "applied") return green(applied === head ? "in step" : `in step since revision ${applied}`);
    if (state === "refused") return red(`refused revision ${refusal?.revision ?? head}: ${escapeTerminal(refusal?.reason ?? "")}`);
    return state === "gone" ? dim("gone") : yellow(applied === 0 ? "nothing applied yet" : `lags at revision ${applied}`);
  };
  const settled = instances.filter(({ state }) => state === "applied").length;
  return [
    `${bold(String(instances.length))} ${instances.length === 1 ? "app" : "apps"} connected, ${settled} in step`,
    ...columns(
      instances.map((instance) => [
        escapeTerminal(instance.service),
        dim(escapeTerminal(instance.id)),
        escapeTerminal(instance.environment),
        stateWords(instance),
        dim(`connected ${agoWords(instance.connectedAt, now)}`),
      ]),
      "  ",
    ),
  ];
}
