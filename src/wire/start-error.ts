/** What a sidecar that could not start leaves behind for whoever waits for it. */
import * as z from "zod";

export const StartError = z.object({
  code: z.string().min(1).max(128),
  /** For a person: what is wrong. */
  sentence: z.string().max(4096),
  /** What to run to repair it, where one command does. */
  command: z.string().max(1024).optional(),
  /** RFC 3339. */
  at: z.string(),
  pid: z.int(),
});
export type StartError = z.infer<typeof StartError>;
