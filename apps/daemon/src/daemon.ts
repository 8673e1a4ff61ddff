import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { createHub } from "@setpoint/client/hub";
import { type BatchChange, type Change, daemonBatchLimits, SetpointError } from "@setpoint/core";
import type { Logger } from "pino";
import { createSystemChance } from "./drivers/chance/system.ts";
import { openSqliteChangeLog } from "./drivers/change-log/sqlite.ts";
import { systemClock } from "./drivers/clock/system.ts";
import { findPortOwner } from "./drivers/port-owner/find-port-owner.ts";
import { type ProjectFile, readProjectFile } from "./drivers/project-file/read-project-file.ts";
import { checkHead } from "./drivers/state-folder/compare-head.ts";
import { writeDaemonFile } from "./drivers/state-folder/daemon-file.ts";
import { openHeadWitness, readWitness } from "./drivers/state-folder/head-witness.ts";
import { acquireLock, type StateLock } from "./drivers/state-folder/lock.ts";
import type { Refused } from "./drivers/state-folder/refused.ts";
import { prepareSocketPath, socketPath } from "./drivers/state-folder/socket-path.ts";
import { openStateFolder } from "./drivers/state-folder/state-folder.ts";
import { tokenMatches } from "./drivers/state-folder/token.ts";
import { ensureToken } from "./drivers/state-folder/token-file.ts";
import { Committer } from "./engine/commit.ts";
import type { Handlers } from "./engine/handler.ts";
import { Instances } from "./engine/instances.ts";
import { Projections } from "./engine/projections.ts";
import { Reading } from "./engine/reading.ts";
import { View } from "./engine/view.ts";
import { callerOf, firstTokenChanges } from "./features/access/tokens.ts";
import { environmentRoutes } from "./features/environments/routes.ts";
import { explainRoutes } from "./features/explain/routes.ts";
import { type HealthProblem, healthRoutes } from "./features/health/routes.ts";
import { watchAppends } from "./features/health/watch-appends.ts";
import { historyRoutes } from "./features/history/routes.ts";
import { instanceRoutes } from "./features/instances/routes.ts";
import { planProject } from "./features/project/plan-project.ts";
import { schemaRoutes } from "./features/schemas/routes.ts";
import { valueRoutes } from "./features/values/routes.ts";
import { Admissions } from "./http/admission.ts";
import { Connections } from "./http/connections.ts";
import { defaultHttpLimits, type HttpLimits } from "./http/http-limits.ts";
import { createHttp, createSocketServer } from "./http/server.ts";
import { StreamDoor } from "./http/stream-door.ts";
import { WrongTokens } from "./http/wrong-tokens.ts";
import type { ChangeLog } from "./ports/change-log.ts";
import type { Settings } from "./settings.ts";

/** A daemon that serves. */
export interface RunningDaemon {
  readonly url: string;
  /** The Unix socket that local clients prefer; absent where none could be made. */
  readonly socket?: string;
  /** Drains: no new connections, streams told to come back, what is under way finished, the store closed. */
  close(): Promise<void>;
}

/**
 * Starts the daemon: state folder → lock → log → view → project → doors. The only place that creates drivers.
 * @throws SetpointError in words for the operator when it cannot serve
 */
export async function startDaemon(
  settings: Settings,
  version: string,
  logger: Logger,
  limits: HttpLimits = defaultHttpLimits,
): Promise<RunningDaemon> {
  const problems: HealthProblem[] = [];
  const report = (problem: HealthProblem) => {
    problems.push(problem);
    logger.warn({ code: problem.code }, problem.detail);
  };
  const opening: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    for (const close of opening.splice(0).reverse()) await close();
  };

  try {
    // The project file is evaluated while the store opens: both take a process or thread of their own.
    const projectFile =
      settings.project === undefined ? Promise.resolve<ProjectFile>({ state: "none" }) : readProjectFile(settings.project);
    const { folder, warnings } = granted(openStateFolder(settings.stateDir));
    for (const warning of warnings) logger.warn(warning);
    const lock = granted(acquireLock(folder)).lock;
    opening.push(() => lock.release());
    const store = watchAppends(await openSqliteChangeLog(folder.database));
    const { log } = store;
    opening.push(() => log.close());
    const head = await log.head();
    await declareHead(log, folder.head, report);
    const witness = openHeadWitness(folder.head, head);
    opening.push(() => witness.close());
    log.follow((durable) => {
      try {
        witness.write(durable);
      } catch (fault) {
        // The commit is durable; what is lost is only the second opinion about where the log ends.
        logger.error({ err: fault }, "the head file cannot be written");
      }
    });

    const clock = systemClock;
    const [newest] = head.revision === 0 ? [] : await log.outlines(head.revision - 1, 1);
    const view = new View(head, newest?.at ?? new Date(0).toISOString(), await log.records({}));
    const committer = new Committer({ log, view, clock, chance: createSystemChance(), lastAt: Date.parse(newest?.at ?? "") || 0 });
    const token = granted(ensureToken(folder.token, randomBytes));
    await commitStart(view, committer, await projectFile, firstTokenChanges(view.records, token), report);

    const reading = new Reading(log, view);
    const projections = new Projections(view, reading);
    const headRevision = () => view.head.revision;
    const instances = new Instances(headRevision);
    const hub = createHub(projections, {}, { report: (cause) => logger.error({ err: cause }, "a subscriber could not be answered") });
    const handlers: Handlers = {
      ...environmentRoutes({ view }),
      ...valueRoutes({ view, reading, committer }),
      ...schemaRoutes({ view, committer }),
      ...explainRoutes({ view, reading }),
      ...historyRoutes({ view, reading, committer }),
      ...instanceRoutes({ view, instances }),
      ...healthRoutes({ view, problems: () => [...problems, store.problem()].filter((problem) => problem !== undefined) }),
    };
    let port = settings.port;
    const admissions = new Admissions(
      { ...settings, port: () => port },
      (presented) => callerOf(view.records, presented, tokenMatches),
      new WrongTokens(limits, () => clock.now()),
    );
    const door = new StreamDoor({
      hub,
      records: () => view.records,
      headRevision,
      admissions,
      instances,
      clock,
      lastChange: (projection) => projections.lastChange(projection),
    });
    let isStopping = false;
    const app = createHttp({
      version,
      admissions,
      handlers,
      eventStream: (request, response, caller, query) => door.eventStream(request, response, caller, query),
      headRevision,
      isStopping: () => isStopping,
      limits,
      onFault: (fault, request) => logger.error({ err: fault, request }, "a request failed"),
    });
    await app.ready();

    const listeners = [new Connections(app.server)];
    opening.push(async () => {
      await settled(listeners.map((listener) => listener.close(0)));
      await app.close();
      hub.close();
    });
    door.listen(app.server);
    port = await listen(app.server, { port: settings.port, host: settings.host });
    const socket = await listenLocally(lock, createSocketServer(app, limits), door, report);
    if (socket) listeners.push(socket.connections);
    const url = `http://${settings.host.includes(":") ? `[${settings.host}]` : settings.host}:${port}`;
    const reached = { pid: process.pid, url, ...(socket && { socket: socket.path }), version };
    const daemonFile = granted(writeDaemonFile(folder.daemonFile, reached));
    opening.push(() => daemonFile.remove());

    return {
      url,
      ...(socket && { socket: socket.path }),
      async close() {
        isStopping = true;
        daemonFile.remove();
        hub.drain("The daemon is stopping.", 1_000);
        await settled(listeners.map((listener) => listener.close(settings.drainTimeoutMs)));
        await committer.idle();
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** A refusal of the state folder as the fault that ends the start. */
function granted<Result extends { readonly ok: true } | Refused>(result: Result): Exclude<Result, Refused> {
  if (!result.ok) throw new SetpointError("store_unavailable", result.reason);
  return result as Exclude<Result, Refused>;
}

/** A log that ends before the head file, or is missing beside it, is declared and never taken for a first start. */
async function declareHead(log: ChangeLog, path: string, report: (problem: HealthProblem) => void): Promise<void> {
  const comparison = await checkHead(log, readWitness(path));
  if (comparison.state === "log-missing") throw new SetpointError("store_unavailable", comparison.declaration);
  if ("declaration" in comparison) report({ code: "history_lost", detail: comparison.declaration });
}

/** One commit for what a start brings: the project file where it has changed, and the first token. */
async function commitStart(
  view: View,
  committer: Committer,
  file: ProjectFile,
  token: readonly Change[],
  report: (problem: HealthProblem) => void,
): Promise<void> {
  const commit = (changes: readonly BatchChange[], further: readonly Change[], comment: string) =>
    committer.commit({
      principal: { kind: "system", id: "system", name: "system" },
      origin: "project",
      comment,
      limits: daemonBatchLimits,
      batch: () => ({ ok: true, changes }),
      control: [...further, ...token],
      answer: () => ({}),
    });

  /** What is wrong with the file degrades a store that has something to serve, and ends a first start. */
  const refuse = (detail: string) => {
    if (view.records.environments().length === 0) throw new SetpointError("invalid_request", detail);
    report({ code: "project_refused", detail });
  };

  if (file.state === "malformed") throw new SetpointError("invalid_request", `${file.path}: ${file.detail}`);
  if (file.state === "failed") refuse(`${file.path}: ${file.detail}`);
  else if (file.state === "read") {
    const wish = planProject(view.records, file.project);
    if (wish) {
      const outcome = await commit(wish.changes, wish.control, "Project file");
      if (outcome.ok) return;
      const issues = (outcome.refusal.issues ?? []).map(
        ({ environment, key, message }) => `\n  ${environment && `${environment}: `}${key}: ${message}`,
      );
      refuse(`${file.path} is refused; what is stored stays in force. ${outcome.refusal.detail}${issues.join("")}`);
    }
  } else if (view.records.environments().length === 0) {
    await commit([{ kind: "environment", key: "base", value: {} }], [], "First start");
    return;
  }
  if (token.length > 0) await commit([], [], "First token");
}

async function listen(
  server: Server,
  where: { readonly port: number; readonly host: string } | { readonly path: string },
): Promise<number> {
  const listening = once(server, "listening");
  server.listen(where);
  await listening.catch(async (cause: unknown) => {
    throw await listenFault(cause as NodeJS.ErrnoException, where);
  });
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** Why there is no listening, in words, with what to do about it. */
async function listenFault(
  cause: NodeJS.ErrnoException,
  where: { readonly port: number; readonly host: string } | { readonly path: string },
): Promise<SetpointError> {
  if ("path" in where)
    return new SetpointError("store_unavailable", `The socket ${where.path} cannot be used: ${cause.message}.`, { cause });
  const { port, host } = where;
  if (cause.code !== "EADDRINUSE") {
    const detail = `Cannot listen on ${host}, port ${port}: ${cause.message}. Choose another address: --host HOST (SETPOINT_HOST), --port N (SETPOINT_PORT).`;
    return new SetpointError("invalid_request", detail, { cause });
  }
  const owner = await findPortOwner(port);
  const by = owner ? `by process ${owner.pid} (${owner.command})` : "by another program";
  return new SetpointError(
    "store_unavailable",
    `Port ${port} on ${host} is taken ${by}. Stop it, or choose another port: --port N or SETPOINT_PORT=N (0 takes a free one).`,
    { cause },
  );
}

/** The Unix socket, where one can be made; without it clients use TCP. */
async function listenLocally(
  lock: StateLock,
  server: Server,
  door: StreamDoor,
  report: (problem: HealthProblem) => void,
): Promise<{ readonly connections: Connections; readonly path: string } | undefined> {
  const path = socketPath(lock.folder, { runtimeFolder: process.env["XDG_RUNTIME_DIR"], temporaryFolder: tmpdir() });
  if (path === undefined || process.platform === "win32") return undefined;
  const prepared = prepareSocketPath(lock, path);
  if (!prepared.ok) {
    report({ code: "socket_unavailable", detail: prepared.reason });
    return undefined;
  }
  const connections = new Connections(server);
  door.listen(server);
  await listen(server, { path });
  chmodSync(path, 0o600);
  return { connections, path };
}

async function settled(tasks: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(tasks);
}
