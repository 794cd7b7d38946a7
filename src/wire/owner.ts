/**
 * What `owner.json` beside a log says: which process owns it, for those whom no lock of the system tells because they are in
 * another container, virtual machine or network.
 *
 * Releases meet each other here: members that are not known are dropped, never an error.
 */
import * as z from "zod";

/** Where a process is. Two processes that differ in any of this may be unable to see each other. */
export const Surroundings = z.object({
  /** Which start of which machine. */
  boot_id: z.string().min(1).max(128),
  host_name: z.string().min(1).max(255),
  /** As Linux names them, `pid:[4026531836]`; elsewhere there are none. */
  pid_namespace: z.string().min(1).max(64).optional(),
  network_namespace: z.string().min(1).max(64).optional(),
});
export type Surroundings = z.infer<typeof Surroundings>;

export const Owner = Surroundings.extend({
  /** As its own pid namespace counts. */
  pid: z.int().min(1),
  /** Where it answers, once it does. */
  address: z.object({ host: z.string().min(1).max(255), port: z.int().min(1).max(65_535) }).optional(),
  /** RFC 3339, by the owner's clock. */
  renewed_at: z.iso.datetime(),
});
export type Owner = z.infer<typeof Owner>;
