import { expect, test } from "vitest";
import { readMoment } from "../src/moment.ts";
import { agoWords } from "../src/when-words.ts";

const now = new Date(2026, 4, 4, 12, 30, 0).getTime();

test("a number is a revision, a unit counts back from now, a clock time is the last one", () => {
  expect(readMoment("412", now)).toEqual({ revision: 412 });
  expect(readMoment("2h", now)).toEqual({ at: new Date(2026, 4, 4, 10, 30).toISOString() });
  expect(readMoment("10:15", now)).toEqual({ at: new Date(2026, 4, 4, 10, 15).toISOString() });
  expect(readMoment("23:59", now)).toEqual({ at: new Date(2026, 4, 3, 23, 59).toISOString() });
  expect(readMoment("2026-05-04T10:00:00+02:00", now)).toEqual({ at: "2026-05-04T08:00:00.000Z" });
});

test.each(["", "-1", "1.5", "25:00", "12:60", "yesterday", "2w", "2026-05-04", "007"])("%j is no moment", (text) => {
  expect(readMoment(text, now)).toBeUndefined();
});

test("how long ago is said in one unit", () => {
  const ago = (seconds: number) => agoWords(new Date(now - seconds * 1_000).toISOString(), now);
  expect([ago(2), ago(40), ago(60), ago(7_300), ago(90_000), ago(-5)]).toEqual([
    "just now",
    "40 seconds ago",
    "1 minute ago",
    "2 hours ago",
    "1 day ago",
    "just now",
  ]);
});
