/**
 * Which tools a command line switches on. The one rule, over whatever lists the tools: the registry itself, or what is
 * rendered of it in a bridge that has not loaded it yet. So nothing is imported here.
 */

/** Groups of tools that a user switches on together. */
export const PROFILES = ["core", "lanes", "peers"] as const;
export type Profile = (typeof PROFILES)[number];

/** What is on when nobody says. */
const DEFAULT_PROFILES: readonly Profile[] = ["core", "lanes"];

export interface Selection {
  /** Names of profiles. When neither this nor `tools` is given, the default ones. */
  readonly profile?: readonly string[];
  /** Names of tools, besides those of the profiles. */
  readonly tools?: readonly string[];
  readonly excludeTools?: readonly string[];
  /** Leaves out every tool that changes something, whatever else was asked. */
  readonly readOnly?: boolean;
}

interface Listed {
  readonly name: string;
  readonly profile: Profile;
  readonly annotations: { readonly readOnlyHint: boolean };
}

/** The chosen tools in the order of the list, or a sentence about the name that there is not. */
export function select<Tool extends Listed>(
  all: readonly Tool[],
  { profile, tools = [], excludeTools = [], readOnly = false }: Selection = {},
): { readonly tools: readonly Tool[] } | { readonly refused: string } {
  const profiles = profile ?? (tools.length === 0 ? DEFAULT_PROFILES : []);
  const stranger = profiles.find((name) => !(PROFILES as readonly string[]).includes(name));
  if (stranger !== undefined)
    return { refused: `there is no profile ${JSON.stringify(stranger)}; the profiles are ${PROFILES.join(", ")}` };
  const names = all.map(({ name }) => name);
  const unknown = [...tools, ...excludeTools].find((name) => !names.includes(name));
  if (unknown !== undefined) return { refused: `there is no tool ${JSON.stringify(unknown)}; the tools are ${names.join(", ")}` };

  const isChosen = (tool: Tool) => profiles.includes(tool.profile) || tools.includes(tool.name);
  const isAllowed = (tool: Tool) => !excludeTools.includes(tool.name) && (!readOnly || tool.annotations.readOnlyHint);
  return { tools: all.filter((tool) => isChosen(tool) && isAllowed(tool)) };
}
