import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RequestScope } from "@setpoint/express";
import { serializeInitial } from "@setpoint/react/server";

/** Where `index.html` keeps room for the first values. */
const placeholder = "<!--setpoint-->";

/** Gives a request its page. */
export type RenderPage = (scope: RequestScope) => string;

/** Reads the built page from `folder`; `undefined` when it has not been built. */
export function readPage(folder: string): RenderPage | undefined {
  const path = join(folder, "index.html");
  if (!existsSync(path)) return undefined;
  const [before = "", after = ""] = readFileSync(path, "utf8").split(placeholder);
  return (scope) => `${before}<script type="application/json" id="setpoint">${serializeInitial(scope.forBrowser())}</script>${after}`;
}
