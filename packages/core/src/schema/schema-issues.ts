import type { Issue, IssueCode } from "../issue.ts";
import type { Json } from "../json.ts";
import { pointerTokens } from "./json-pointer.ts";
import { receivedOf } from "./json-value.ts";
import { schemaLimits } from "./limits.ts";

/** What a registration finds wrong with a schema document. */
export interface SchemaFinding {
  readonly code?: IssueCode;
  /** Place in the document: a JSON Pointer to a subschema or keyword. */
  readonly pointer: string;
  /** A whole sentence. */
  readonly message: string;
  readonly expected: Json;
  readonly received: unknown;
}

/** Collects the issues of one registration, at most `schemaLimits.registrationIssuesMax`. */
export class SchemaIssues {
  readonly issues: Issue[] = [];
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  add(finding: SchemaFinding): void {
    if (this.issues.length === schemaLimits.registrationIssuesMax) return;
    this.issues.push({
      severity: "error",
      code: finding.code ?? "constraint_violation",
      environment: "",
      key: keyAt(this.#namespace, finding.pointer),
      message: finding.message,
      expected: finding.expected,
      received: receivedOf(finding.received),
      suggestions: [],
    });
  }
}

/** The dotted key that a place in the document belongs to: as many property names as lead there from the root; `*` is an open map's entry. */
function keyAt(namespace: string, pointer: string): string {
  const tokens = pointerTokens(pointer);
  const segments = [namespace];
  for (let index = 0; index < tokens.length; index += 1) {
    if (tokens[index] === "additionalProperties" && index + 1 < tokens.length) segments.push("*");
    else if (tokens[index] === "properties" && tokens[index + 1] !== undefined) segments.push(tokens[(index += 1)] as string);
    else break;
  }
  return segments.join(".");
}

/** A pointer for sentences: the root has a name, too. */
export function placeOf(pointer: string): string {
  return pointer === "" ? "the root" : pointer;
}
