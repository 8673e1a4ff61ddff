/** What a form check finds: places and what is wrong there. */
export type Findings = readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];

/** The first few findings of a form check, each with its path. */
export function wordsOf(issues: Findings): string {
  return issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map((part) => String(part)).join(".")}: ${message}`))
    .join("; ");
}
