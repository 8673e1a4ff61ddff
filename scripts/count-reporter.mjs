// A vitest reporter that writes `{ passed, failed, skipped }` to the file named by SETPOINT_TEST_COUNTS.
import { writeFileSync } from "node:fs";

export default class CountReporter {
  onTestRunEnd(testModules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const testModule of testModules) {
      // A file that does not load and a group whose hook fails have errors but no failing test of their own.
      if (testModule.errors().length > 0) counts.failed += 1;
      for (const suite of testModule.children.allSuites()) if (suite.errors().length > 0) counts.failed += 1;
      for (const test of testModule.children.allTests()) counts[outcomeOf(test)] += 1;
    }
    writeFileSync(process.env.SETPOINT_TEST_COUNTS, JSON.stringify(counts));
  }
}

/** A test that never came to its end has failed. */
function outcomeOf(test) {
  const { state } = test.result();
  return state === "pending" ? "failed" : state;
}
