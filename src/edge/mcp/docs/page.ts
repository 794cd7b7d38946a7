/** The reference page as HTML: one file without a script, readable in the light and in the dark. */
import { anchor, type Block, pieces } from "./blocks.ts";
import { escaped, policyOf } from "../html.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #f3f4f6; --accent: #1d5fbf; }
@media (prefers-color-scheme: dark) { :root { --line: #2f3a48; --soft: #1a212b; --accent: #7db2ff; } }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; margin: 2rem 0 .6rem; }
h2 { border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
a { color: var(--accent); }
nav ul { columns: 14rem; padding-left: 1.2rem; }
code { font: .875em/1.5 ui-monospace, monospace; background: var(--soft); padding: .1em .3em; border-radius: 4px; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; overflow-x: auto; }
pre code { background: none; padding: 0; }
div { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .93em; }
th, td { border: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top; }
th { background: var(--soft); }
th, td:first-child code { white-space: nowrap; }
`;

export const PAGE_POLICY = policyOf(STYLE, "none");

export function htmlPage(blocks: readonly Block[]): string {
  const [first] = blocks;
  const title = first?.kind === "heading" ? first.text : "";
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body><main>`,
    ...blocks.map((block, index) => (index === 1 ? contents(blocks) : "") + htmlOf(block)),
    "</main></body></html>\n",
  ].join("\n");
}

function contents(blocks: readonly Block[]): string {
  const links = blocks.flatMap((block) =>
    block.kind === "heading" && block.level === 2 ? [`<li><a href="#${anchor(block.text)}">${inline(block.text)}</a></li>`] : [],
  );
  return `<nav aria-label="Contents"><ul>${links.join("")}</ul></nav>\n`;
}

function htmlOf(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level} id="${anchor(block.text)}">${inline(block.text)}</h${block.level}>`;
    case "paragraph":
      return `<p>${inline(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${inline(item)}</li>`).join("")}</ul>`;
    case "code":
      return `<pre><code>${escaped(block.text)}</code></pre>`;
    case "table":
      return `<div><table><thead>${row("th", block.head)}</thead><tbody>${block.rows.map((cells) => row("td", cells)).join("")}</tbody></table></div>`;
  }
}

const row = (cell: "th" | "td", cells: readonly string[]): string =>
  `<tr>${cells.map((text) => `<${cell}>${inline(text)}</${cell}>`).join("")}</tr>`;

function inline(text: string): string {
  return pieces(text)
    .map((piece, index) => (index % 2 === 1 ? `<code>${escaped(piece)}</code>` : escaped(piece)))
    .join("");
}
