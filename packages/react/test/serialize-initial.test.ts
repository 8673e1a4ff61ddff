// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { serializeInitial } from "../src/server.ts";

const hostile = [
  "</script><script>alert(1)</script>",
  "<!--<script>",
  "]]>",
  "&lt;/script&gt; & \"'`${1}",
  "line\u2028paragraph\u2029end",
  "\\u003c \ud83d\ude00",
];

test.each(hostile)("%j stands in a page as nothing but data", (text) => {
  const initial = { cursor: "7-0123456789abcdef", values: { "shop.title": text, "shop.tags": [text, { [text]: 1 }] } };
  const page = document.createElement("div");
  page.innerHTML = `<script type="application/json">${serializeInitial(initial)}</script><p>after</p>`;
  expect([...page.children].map((child) => child.tagName)).toEqual(["SCRIPT", "P"]);
  expect(JSON.parse(page.querySelector("script")?.textContent ?? "")).toEqual(initial);
  expect(serializeInitial(initial)).not.toMatch(/[<>&\u2028\u2029]/);
});

test("before the first values there is nothing to start from", () => {
  expect(JSON.parse(serializeInitial(undefined))).toBeNull();
});
