/**
 * What Signalbox adds to an MPAC message, always under `payload.extensions.signalbox`.
 *
 * Unknown members are kept and ignored, so that a bridge and a sidecar of different releases understand each other.
 */
import * as z from "zod";
import { WorktreeId } from "../ids.ts";
import type { JsonObject } from "../json.ts";

/** The worktree that a participant works in, named in its HELLO. Paths are shown, ids are compared. */
export const Worktree = z.looseObject({
  id: WorktreeId,
  path: z.string().max(4096),
  branch: z.string().max(512).optional(),
  head: z.string().max(64).optional(),
});
export type Worktree = z.infer<typeof Worktree>;

/** The program that runs a bridge: by this a bridge that starts again, and a hook, are known to be of the same client. */
export const Host = z.looseObject({
  pid: z.int().min(1),
  /** When it began, as the system counts: compared, never read. */
  started_at: z.string().max(64).optional(),
});
export type Host = z.infer<typeof Host>;

export const Extension = z.looseObject({
  /** What an announcement does when another principal's active intent stands in the way. */
  on_overlap: z.enum(["block", "proceed", "wait"]).optional(),
  worktree: Worktree.optional(),
  /** The state reference that the sender has just read from its own disk. */
  observed: z.string().max(128).nullable().optional(),
  /** A repeat with the same id gets the first outcome again. */
  request_id: z.string().min(1).max(128).optional(),
  /** The fencing token that the sender holds for the intent it names. */
  fence: z.int().min(0).optional(),
  host: Host.optional(),
  /** Of an announcement, an update, or a claim for what comes of it: its owner renews it for as long as there is work. */
  renews: z.boolean().optional(),
  /** Of an announcement that waits: how long its place is kept unless it is asked for again, in seconds. */
  wait_sec: z.number().positive().max(3_600).optional(),
  /** Of an INTENT_CLAIM that only names a claim: what somebody with authority says of it (SPEC 14.7.4 names no message for that). */
  decision: z.enum(["approved", "rejected"]).optional(),
});
export type Extension = z.infer<typeof Extension>;

/** Where the extension stands in any payload. */
export const Extensions = z.looseObject({ signalbox: Extension.optional() });

/** What comes back to a Signalbox client with its own message once that is durable. */
export interface Ack {
  readonly revision: number;
  readonly fence?: number;
  readonly conflicts?: readonly string[];
  readonly superseded?: readonly string[];
  /** Conflicts that a part of the announced scope is frozen for. */
  readonly frozen?: readonly string[];
  /** The announcement has not begun: it has a place behind others. */
  readonly waiting?: WaitingAck;
}

export interface WaitingAck {
  readonly deferral_id: string;
  /** Who waits for some of it and comes first. */
  readonly ahead?: number;
  /** Who holds what of it, as a refusal `intent/held` names them. */
  readonly holders?: readonly JsonObject[];
}
