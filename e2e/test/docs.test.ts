import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { errorCatalogue } from "@setpoint/core";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

const isForeign = (name: string) => ["node_modules", "dist", ".git", ".turbo", ".setpoint"].includes(name);
const pages = globSync("**/*.md", { cwd: root, exclude: isForeign }).toSorted();

test("the pages made from code say what the code says", async () => {
  const { stdout } = await run(process.execPath, [join(root, "scripts/generate-docs.mjs"), "--check"], { cwd: root });
  expect(stdout).toContain("says what the code says");
});

test("errors.md and the error catalogue hold the same codes, statuses and titles", () => {
  const rows = [...read("docs/reference/errors.md").matchAll(/^\| `(\w+)` \| (\d{3}) \| ([^|]+) \|/gm)];
  const told = Object.fromEntries(rows.map(([, code, status, title]) => [code, { status: Number(status), title }]));
  const known = Object.fromEntries(Object.entries(errorCatalogue).map(([code, { status, title }]) => [code, { status, title }]));
  expect(told).toEqual(known);
});

test("every error code that the wire contract names is in the catalogue", () => {
  const contract = read("docs/reference/protocol.md");
  const listed = /^ {10}400 invalid_request[\s\S]*?^ {10}422 .*$/m.exec(contract)?.[0] ?? "";
  const names = listed.replaceAll(/\([^)]*\)/g, "").match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? [];
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !(name in errorCatalogue))).toEqual([]);
});

describe("links", () => {
  test("there are pages to look at", () => {
    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/architecture.md", "docs/reference/protocol.md"]));
  });

  test.each(pages)("every relative link of %s leads somewhere", (page) => {
    const broken = linksOf(read(page)).filter((link) => !leadsSomewhere(page, link));
    expect(broken).toEqual([]);
  });

  test("every page below docs is reached from the README", () => {
    const reached = new Set<string>();
    const visit = (page: string) => {
      if (reached.has(page) || !page.endsWith(".md")) return;
      reached.add(page);
      for (const link of linksOf(read(page))) {
        const target = relative(root, join(root, dirname(page), decodeURIComponent(link.split("#", 1)[0] as string)));
        if (isPage(target)) visit(target);
      }
    };
    visit("README.md");
    expect(pages.filter((page) => page.startsWith("docs/") && !reached.has(page))).toEqual([]);
  });
});

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

function isPage(path: string): boolean {
  return path.endsWith(".md") && existsSync(join(root, path));
}

/** Text without what is shown as it stands. */
function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^( *)(```+|~~~+)[\s\S]*?^\1\2`*$/gm, "").replaceAll(/`[^`\n]+`/g, "code");
}

/** The links and images of a page that stay in the repository. */
function linksOf(markdown: string): string[] {
  const text = withoutCode(markdown);
  const inline = [...text.matchAll(/\]\(([^()\s]+)(?: "[^"]*")?\)/g)];
  const html = [...text.matchAll(/(?:src|srcset|href)="([^"]+)"/g)];
  return [...inline, ...html].map(([, link]) => link as string).filter((link) => !/^[a-z][a-z+.-]*:/i.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : join(dirname(page), decodeURIComponent(path));
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || !target.endsWith(".md") || anchorsOf(read(target)).has(anchor);
}

/** The anchors that a rendered page gives its headings. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of markdown.replaceAll(/^( *)(```+)[\s\S]*?^\1\2`*$/gm, "").matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = (heading as string).replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "");
    const slug = plain
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}
