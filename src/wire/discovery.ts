/**
 * What a running sidecar leaves on disk so that bridges of the same user find it.
 *
 * A bridge meets sidecars of other releases: members it does not know are dropped, never an error.
 */
import * as z from "zod";

export const Discovery = z.object({
  store_id: z.uuid(),
  host: z.string().min(1).max(255),
  port: z.int().min(1).max(65_535),
  pid: z.int().min(1),
  /** Which start of the machine `pid` belongs to: a pid of another boot says nothing. */
  boot_id: z.string().min(1).max(128),
  /** Release of the sidecar. */
  version: z.string().min(1).max(64),
  /** Number of the control protocol that it speaks. */
  control: z.int().min(0),
  /** Bearer of this may stop the sidecar: 32 random bytes, base64url. Never logged. */
  token: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** RFC 3339. */
  started_at: z.iso.datetime(),
  /** Main worktree or plain folder, as the sidecar sees it. */
  workspace: z.string().min(1).max(4096),
});
export type Discovery = z.infer<typeof Discovery>;
