/** How Claude Code says which file its tool is about to write, and how it is answered. */
import type { PreToolUse } from "../../wire/hook.ts";

/** The file that the tool is about to write; undefined for a tool that names none. */
export function editedFile({ tool_input }: PreToolUse): string | undefined {
  return tool_input?.file_path ?? tool_input?.notebook_path;
}

/** Blocks the edit, with a reason that the model reads. Letting it pass is silence: `allow` would skip the user's own question. */
export function denial(reason: string): object {
  return { hookSpecificOutput: { hookEventName: "PreToolUse", permissionDecision: "deny", permissionDecisionReason: reason } };
}
