/**
 * What a prompt is: a text that a person picks in the host, filled from what stands now. No SDK is known here.
 */
import type { ToolContext } from "./ports.ts";

/** As `prompts/list` shows it: plain JSON, the same each time. */
export interface PromptDefinition {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly { readonly name: string; readonly description: string; readonly required: boolean }[];
}

export interface Prompt extends PromptDefinition {
  /** The text for the model; or, where an argument names what is not there, a sentence that says so. */
  readonly fill: (
    ctx: ToolContext,
    args: Readonly<Record<string, string>>,
  ) => Promise<{ readonly text: string } | { readonly refused: string }>;
  /** Values that an argument may have: what `begun` begins. */
  readonly complete?: (ctx: ToolContext, argument: string, begun: string) => Promise<readonly string[]>;
}
