/** The prompts there are, in the order in which they are listed, and how one is filled. */
import type { ToolContext } from "./ports.ts";
import type { Prompt, PromptDefinition } from "./prompt.ts";
import { handoff } from "./prompts/handoff.ts";
import { resolveConflict } from "./prompts/resolve-conflict.ts";
import { standup } from "./prompts/standup.ts";
import { quoted } from "./quote.ts";

export const PROMPTS: readonly Prompt[] = [standup, handoff, resolveConflict];

/** As `prompts/list` shows them: plain JSON, the same each time, so that the bridge can carry it ready-made. */
export function promptDefinitions(prompts: readonly Prompt[]): PromptDefinition[] {
  return prompts.map(({ name, title, description, arguments: args }) => ({ name, title, description, arguments: args }));
}

/** The text, or a sentence about the name or argument that there is not. Faults rise as they do from the ports. */
export async function fillPrompt(
  prompts: readonly Prompt[],
  ctx: ToolContext,
  name: string,
  given: Readonly<Record<string, string>>,
): Promise<{ readonly text: string } | { readonly refused: string }> {
  const prompt = prompts.find((candidate) => candidate.name === name);
  if (prompt === undefined)
    return { refused: `there is no prompt ${quoted(name, 64)}; the prompts are ${prompts.map((one) => one.name).join(", ")}` };
  // Hosts send what a person left empty as an empty text.
  const args = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
  const known = prompt.arguments.map((argument) => argument.name);
  const stranger = Object.keys(args).find((argument) => !known.includes(argument));
  if (stranger !== undefined)
    return {
      refused: `${name} takes no argument ${quoted(stranger, 64)}; ${known.length === 0 ? "it takes none" : `it takes ${known.join(", ")}`}`,
    };
  const missing = prompt.arguments.find((argument) => argument.required && args[argument.name] === undefined);
  if (missing !== undefined && prompt.complete !== undefined) {
    const there = await prompt.complete(ctx, missing.name, "");
    const values =
      there.length === 0
        ? "there is none now"
        : `there is ${there
            .slice(0, 8)
            .map((value) => quoted(value, 64))
            .join(", ")}`;
    return { refused: `${name} needs ${missing.name}: ${values}` };
  }
  return prompt.fill(ctx, args);
}

/** Values that an argument may have. */
export async function completePrompt(
  prompts: readonly Prompt[],
  ctx: ToolContext,
  name: string,
  argument: string,
  begun: string,
): Promise<readonly string[]> {
  const prompt = prompts.find((candidate) => candidate.name === name);
  return (await prompt?.complete?.(ctx, argument, begun)) ?? [];
}
