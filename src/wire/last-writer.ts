/** What `written-by.json` beside a log says. Releases of any age read it: members that are not known are dropped. */
import * as z from "zod";

export const LastWriter = z.object({
  /** As npm knows it. What is put into a command line is nothing else. */
  version: z.string().regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/),
});
export type LastWriter = z.infer<typeof LastWriter>;
