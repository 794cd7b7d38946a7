/**
 * Which tools a command line switches on. The same rule as the registry's own, over what is rendered, because the registry
 * is not loaded before the first call.
 */
import type { instructions, profiles, renderedTools } from "./rendered.ts";

export type Rendered = { instructions: typeof instructions; profiles: typeof profiles; renderedTools: typeof renderedTools };
export type ToolDefinition = (typeof renderedTools)[number]["definition"];

export interface Selection {
  /** Names of profiles; all of them when neither these nor tools are named. */
  readonly profile?: readonly string[];
  readonly tools?: readonly string[];
  readonly excludeTools?: readonly string[];
  /** Wins over everything else. */
  readonly readOnly?: boolean;
}

export type Selected = { readonly tools: readonly ToolDefinition[] } | { readonly refused: string };

export function selectRendered({ renderedTools, profiles }: Pick<Rendered, "renderedTools" | "profiles">, selection: Selection): Selected {
  const { profile, tools = [], excludeTools = [], readOnly = false } = selection;
  const chosen = profile ?? (tools.length === 0 ? profiles : []);
  const stranger = chosen.find((name) => !profiles.includes(name));
  if (stranger !== undefined)
    return { refused: `there is no profile ${JSON.stringify(stranger)}; the profiles are ${profiles.join(", ")}` };
  const names = renderedTools.map(({ definition }) => definition.name);
  const unknown = [...tools, ...excludeTools].find((name) => !names.includes(name));
  if (unknown !== undefined) return { refused: `there is no tool ${JSON.stringify(unknown)}; the tools are ${names.join(", ")}` };

  const switchedOn = renderedTools.filter(({ definition: { name, annotations }, profile: own }) => {
    const isChosen = chosen.includes(own) || tools.includes(name);
    return isChosen && !excludeTools.includes(name) && (!readOnly || annotations.readOnlyHint);
  });
  return { tools: switchedOn.map(({ definition }) => definition) };
}
