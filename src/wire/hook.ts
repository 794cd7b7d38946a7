/**
 * What Claude Code says before an edit. Tolerant of everything that is not looked at: hosts add members with every release.
 */
import * as z from "zod";

const Text = z.string().min(1).max(4096);

export const PreToolUse = z.looseObject({
  session_id: z.string().max(256).optional(),
  cwd: Text.optional(),
  hook_event_name: z.string().optional(),
  tool_name: z.string().optional(),
  tool_input: z
    .looseObject({
      file_path: Text.optional(),
      notebook_path: Text.optional(),
    })
    .optional(),
});
export type PreToolUse = z.infer<typeof PreToolUse>;
