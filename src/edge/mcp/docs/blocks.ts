/** What the reference page consists of, before it is HTML or Markdown. Text may hold `code` between backticks, and no other mark. */
export type Block =
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

export const heading = (level: 1 | 2 | 3, text: string): Block => ({ kind: "heading", level, text });
export const paragraph = (text: string): Block => ({ kind: "paragraph", text });
export const list = (...items: readonly string[]): Block => ({ kind: "list", items });
export const code = (language: string, text: string): Block => ({ kind: "code", language, text });
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): Block => ({ kind: "table", head, rows });

/** Pieces of a text, every second one being code. */
export const pieces = (text: string): readonly string[] => text.split("`");

/** Names such as `intent_id` in a text of ours that does not mark them. */
export const marked = (text: string): string =>
  pieces(text)
    .map((piece, index) => (index % 2 === 1 ? piece : piece.replaceAll(/\b[a-z]+(?:_[a-z]+)+\b/g, "`$&`")))
    .join("`");

/** How a heading is linked to. */
export function anchor(text: string): string {
  return text
    .replaceAll("`", "")
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}
