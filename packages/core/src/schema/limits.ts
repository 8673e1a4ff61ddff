/**
 * Bounds of one namespace's schema and of what a validation reports.
 * A schema beyond them is refused at registration, so that no later step has to defend itself.
 */
export const schemaLimits = {
  /** Leaves of one namespace, declared ones and those that an open map's entries would have. */
  leavesMax: 10_000,
  /** Nesting of JSON in the document, and of subschemas after local references are followed. */
  levelsMax: 64,
  /** UTF-8 bytes of the document's canonical text. */
  documentBytesMax: 1_048_576,
  /** Subschemas after local references are followed: a few references to references would otherwise grow without bound. */
  subschemasMax: 100_000,
  /** Alternatives of one `anyOf` or `oneOf`; a longer list of constants is an `enum`. */
  alternativesMax: 1_000,
  /** Characters of one `pattern`. */
  patternCharactersMax: 2_048,
  /** Instructions of one compiled `pattern`: time per character of a value grows with them. */
  patternInstructionsMax: 5_000,
  /** Instructions of all patterns of one document together. */
  patternInstructionsTotalMax: 500_000,
  /** Steps of validating one value: subschemas held against a part of it, and as much work besides, such as long texts and patterns. */
  validationStepsMax: 2_000_000,
  /** Steps of validating all values of one batch, or all defaults of one registration. */
  validationStepsTotalMax: 10_000_000,
  /** Issues of one registration. */
  registrationIssuesMax: 100,
  /** Issues of one value. */
  valueIssuesMax: 20,
  /** Characters of canonical text that an issue repeats of what it received; longer values are named by kind and length. */
  receivedCharactersMax: 4_096,
} as const;
