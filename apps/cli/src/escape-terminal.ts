/** C0, DEL, C1, and what hides or reorders text: invisible marks, bidirectional controls, line and paragraph separators. */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Text that a terminal shows and never obeys: every control character as `\u001b`, valid inside a JSON string, too.
 * @param keep characters to leave as they are, such as the line breaks of a value that is printed alone
 */
export function escapeTerminal(text: string, keep = ""): string {
  return text.replace(unsafe, (character) =>
    keep.includes(character) ? character : character === "\n" ? "\\n" : character === "\t" ? "\\t" : `\\u${hex(character)}`,
  );
}

/** JSON text of a value, safe to show; JSON escapes only half of what a terminal obeys. */
export function safeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent) ?? "null";
  return escapeTerminal(text, indent === undefined ? "" : "\n");
}

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, "0");
}
