/**
 * What a worktree remembers of a change whose operation may be committed and whose file may not be in place yet, so that
 * the next bridge of that worktree can finish or withdraw it.
 */
import * as z from "zod";
import { IntentId, OpId } from "./ids.ts";

const FullRef = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const Path = z.string().min(1);

export const PendingReplacement = z.strictObject({
  op_id: OpId,
  intent_id: IntentId,
  /** Repository-relative, separated by `/`. */
  target: Path,
  /** Repository-relative; absent for a deletion, which needs no temporary file. */
  temp: Path.optional(),
  /** Directories that the change makes, outermost first: they go again when it is withdrawn and they are empty. */
  directories: z.array(Path),
  state_ref_before: z.string().min(1),
  state_ref_after: FullRef,
  /** RFC 3339. */
  created_at: z.string(),
});
export type PendingReplacement = z.infer<typeof PendingReplacement>;
