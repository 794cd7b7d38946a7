/** What `/healthz` answers. Bridges recognise their sidecar by the store id, never by the status code. */
import * as z from "zod";

export const Health = z.looseObject({
  status: z.enum(["ok", "unavailable"]),
  store_id: z.string(),
  workspace: z.string(),
  session_id: z.string(),
  version: z.string(),
  control: z.int(),
  /** Record format that this sidecar writes. */
  format: z.int(),
  pid: z.int(),
  boot_id: z.string(),
  uri: z.string(),
  clients: z.int(),
  /** What an acknowledgement means here. */
  durability: z.string(),
});
export type Health = z.infer<typeof Health>;
