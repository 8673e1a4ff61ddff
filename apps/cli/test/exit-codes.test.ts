import { errorCatalogue } from "@setpoint/core";
import { expect, test } from "vitest";
import { exitCodeOfError, exitCodes } from "../src/exit-codes.ts";

test("every code of the catalogue has an exit code that the help names, and no other code has one", () => {
  expect(Object.keys(exitCodeOfError).toSorted()).toEqual(Object.keys(errorCatalogue).toSorted());
  for (const code of Object.values(exitCodeOfError)) expect(Object.values(exitCodes)).toContain(code);
});

test("no refusal ends like a success", () => {
  for (const code of Object.values(exitCodeOfError)) expect(code).not.toBe(exitCodes.ok);
});

test("what is not there, in the way, invalid or refused is told apart", () => {
  expect(exitCodeOfError.configuration_not_found).toBe(7);
  expect(exitCodeOfError.version_mismatch).toBe(5);
  expect(exitCodeOfError.validation_failed).toBe(6);
  expect(exitCodeOfError.access_denied).toBe(4);
  expect(exitCodeOfError.upstream_unavailable).toBe(8);
});
