/**
 * How a sidecar is asked to give its store to one of a newer release: `POST /control/handover`, with the discovery token.
 *
 * The two are of different releases by nature: members that are not known are dropped, never an error.
 */
import * as z from "zod";

/** Who asks. */
export const HandoverRequest = z.object({
  control: z.int().min(0),
  /** Record format up to which it reads. */
  format: z.int().min(0),
  version: z.string().min(1).max(64),
  pid: z.int().min(1).optional(),
});
export type HandoverRequest = z.infer<typeof HandoverRequest>;

/** The log is closed, and nobody is known at the store any more; the sockets close and the process ends right after. */
export const HandoverAnswer = z.object({ status: z.literal("handed-over"), pid: z.int(), version: z.string() });
export type HandoverAnswer = z.infer<typeof HandoverAnswer>;
