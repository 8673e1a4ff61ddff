/** A fenced block of a Markdown page. */
export interface Snippet {
  /** The first word after the fence. */
  readonly language: string;
  /** The second word: the file that the block shows. */
  readonly name?: string;
  readonly text: string;
  /** Of the first line inside the fence, from 1. */
  readonly line: number;
}

/** The fenced blocks of a page, in order. */
export function snippetsOf(markdown: string): Snippet[] {
  return [...markdown.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, language, name, text] = match as unknown as [string, string, string | undefined, string];
    const line = markdown.slice(0, match.index).split("\n").length + 1;
    return { language, ...(name !== undefined && { name }), text, line };
  });
}
