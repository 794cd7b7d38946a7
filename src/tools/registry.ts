/** The tools there are, in the order in which they are listed, and which of them a user has switched on. */
import { ackConflict } from "./ack-conflict.ts";
import { beginTask } from "./begin-task.ts";
import { checkOverlap } from "./check-overlap.ts";
import { escalateConflict } from "./escalate-conflict.ts";
import { getFileState } from "./get-file-state.ts";
import { resolveConflict } from "./resolve-conflict.ts";
import { submitChange } from "./submit-change.ts";
import { takeOverTask } from "./take-over-task.ts";
import { PROFILES, type Profile, type Tool } from "./tool.ts";
import { whoIsWorking } from "./who-is-working.ts";
import { yieldTask } from "./yield-task.ts";

export const REGISTRY: readonly Tool[] = [
  whoIsWorking,
  beginTask,
  checkOverlap,
  getFileState,
  submitChange,
  yieldTask,
  ackConflict,
  escalateConflict,
  resolveConflict,
  takeOverTask,
];

export interface Selection {
  /** Names of profiles. When neither this nor `tools` is given, all that there are. */
  readonly profile?: readonly string[];
  /** Names of tools, besides those of the profiles. */
  readonly tools?: readonly string[];
  readonly excludeTools?: readonly string[];
  /** Leaves out every tool that changes something, whatever else was asked. */
  readonly readOnly?: boolean;
}

/** The chosen tools in the registry's order, or a sentence about the name that there is not. */
export function selectTools({ profile, tools = [], excludeTools = [], readOnly = false }: Selection = {}):
  | { tools: readonly Tool[] }
  | { refused: string } {
  const profiles = profile ?? (tools.length === 0 ? PROFILES : []);
  const stranger = profiles.find((name) => !isProfile(name));
  if (stranger !== undefined)
    return { refused: `there is no profile ${JSON.stringify(stranger)}; the profiles are ${PROFILES.join(", ")}` };
  const names = REGISTRY.map((tool) => tool.name);
  const unknown = [...tools, ...excludeTools].find((name) => !names.includes(name));
  if (unknown !== undefined) return { refused: `there is no tool ${JSON.stringify(unknown)}; the tools are ${names.join(", ")}` };

  const isChosen = (tool: Tool) => profiles.includes(tool.profile) || tools.includes(tool.name);
  const isAllowed = (tool: Tool) => !excludeTools.includes(tool.name) && (!readOnly || tool.annotations.readOnlyHint);
  return { tools: REGISTRY.filter((tool) => isChosen(tool) && isAllowed(tool)) };
}

function isProfile(name: string): name is Profile {
  return (PROFILES as readonly string[]).includes(name);
}
