/**
 * What `store.json` beside a log says: which store this is, and the session and port that were derived when it was made.
 *
 * It is written once and never again, so that the names stay when the repository moves.
 */
import * as z from "zod";
import { SessionId } from "./ids.ts";

/** Rises when a release writes what an older one would misread. */
export const STORE_IDENTITY_FORMAT = 1;

export const StoreIdentity = z.object({
  format: z.literal(STORE_IDENTITY_FORMAT),
  store_id: z.uuid(),
  session_id: SessionId,
  port: z.int().min(1).max(65_535),
  /** Where the main worktree or plain folder was when the store was made. */
  workspace: z.string().min(1).max(4096),
  /** RFC 3339. */
  created_at: z.iso.datetime(),
});
export type StoreIdentity = z.infer<typeof StoreIdentity>;
