/** What the pages of this edge have in common: text that stays text, and what a browser may load for them, which is their style alone. */
import { createHash } from "node:crypto";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** @param forms - where a form of the page may be sent */
export function policyOf(style: string, forms: "none" | "self"): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${createHash("sha256").update(style, "utf8").digest("base64")}'`,
    "base-uri 'none'",
    `form-action '${forms}'`,
    "frame-ancestors 'none'",
  ].join("; ");
}
