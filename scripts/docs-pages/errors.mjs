import { exitCodeOfError, exitCodes } from "../../apps/cli/src/exit-codes.ts";
import { errorCatalogue } from "../../packages/core/src/errors.ts";
import { issueCodes } from "../../packages/core/src/issue.ts";
import { code, table } from "./table.mjs";

/** What an issue code says; a code without words here fails the generation. */
const issueWords = {
  invalid_parameter_type: "The value has another type than the schema says.",
  constraint_violation: "The value breaks a constraint of the schema, or the schema itself is refused.",
  missing_required_parameter: "A required key has no value.",
  circular_dependency: "Environments or references of a schema lead back to themselves.",
  validation_timeout: "Validating the value took more steps than may be spent on it.",
  unknown_key: "No schema declares the key. The message names the nearest one that is declared.",
  version_mismatch: "The version given is not the one now. In 412 and in previews only; expected and received are versions.",
};

/** What an exit code means; one without words here fails the generation. */
const exitWords = {
  ok: "done",
  failed: "failed; the message says why",
  usage: "the command line is wrong",
  differences: "`diff` found differences",
  refused: "denied by a role, a missing approval or a missing confirmation",
  conflict: "somebody else's change is in the way",
  invalid: "the value or key is not valid",
  notFound: "no such key, environment or revision",
  unreachable: "no daemon answers",
  interrupted: "interrupted",
};

export function errorsPage() {
  const errors = Object.entries(errorCatalogue).map(([name, { status, retryable, title, hint }]) => [
    code(name),
    status,
    title,
    hint,
    retryable ? "yes" : "no",
    exitCodeOfError[name],
  ]);
  return `# Error codes

Every refusal is \`application/problem+json\` (RFC 9457): \`{type, title, status, code, detail, retryable, requestId, issues?, current?}\`, with \`type\` = \`urn:setpoint:problem:<code>\`. The code is stable and says what happened; \`detail\` says it about this request. *Retry* says whether the same request may succeed later unchanged. *Exit* is the exit code of \`setpoint\`. A code that is *reserved* belongs to what comes [later](../architecture.md#14-later): no daemon answers it yet, and clients that know it are ready.

${table(["Code", "Status", "Title", "What to do", "Retry", "Exit"], errors)}

## Codes of issues

A problem \`validation_failed\` (422) or \`version_mismatch\` (412), and every preview, carries \`issues\`: \`{severity, code, environment, key, rule?, message, expected, received, suggestions}\`. Only \`severity: "error"\` stands in the way.

${table(
  ["Code", "Meaning"],
  issueCodes.map((name) => [code(name), worded(issueWords, name)]),
)}

## Exit codes of the command line

${table(
  ["Exit", "Meaning"],
  Object.entries(exitCodes).map(([name, number]) => [number, worded(exitWords, name)]),
)}
`;
}

function worded(words, name) {
  if (words[name] === undefined) throw new Error(`scripts/docs-pages/errors.mjs has no words for ${name}`);
  return words[name];
}
