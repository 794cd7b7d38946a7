/** The reference page as Markdown, for docs/tools.md. A sidecar has no use for it. */
import { type Block, pieces } from "./blocks.ts";
import { referenceBlocks } from "./reference.ts";

/** What stands in docs/tools.md. */
export function toolsPage(): string {
  return markdownPage(referenceBlocks("http://127.0.0.1:<port>/mcp"));
}

export function markdownPage(blocks: readonly Block[]): string {
  return `<!-- Made by npm run docs; change what it is made of instead. -->\n\n${blocks.map(markdownOf).join("\n\n")}\n`;
}

function markdownOf(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${inline(block.text)}`;
    case "paragraph":
      return inline(block.text);
    case "list":
      return block.items.map((item) => `- ${inline(item)}`).join("\n");
    case "code":
      return `\`\`\`${block.language}\n${block.text}\n\`\`\``;
    case "table":
      return [row(block.head), `|${block.head.map(() => "---|").join("")}`, ...block.rows.map(row)].join("\n");
  }
}

/** A bar would end the cell, also in code. */
const row = (cells: readonly string[]): string => `| ${cells.map((text) => inline(text).replaceAll("|", "\\|")).join(" | ")} |`;

function inline(text: string): string {
  return pieces(text)
    .map((piece, index) => (index % 2 === 1 ? `\`${piece}\`` : piece.replaceAll(/[*_<[\\]/g, "\\$&")))
    .join("");
}
