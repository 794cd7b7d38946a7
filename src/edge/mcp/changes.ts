/**
 * From the logs of a session to the resources that say something else now.
 */
import type { Change } from "./ports.ts";

/**
 * A cursor that nobody here has given out. One from another life of the log, which was put back from a backup, is no such:
 * whoever brings that is told that everything may have changed.
 */
export class BadCursor extends Error {
  override readonly name = "BadCursor";
  readonly code = "changes/bad-cursor";

  constructor() {
    super("this is no place in the logs of the session; leave Last-Event-ID out, and read anew what you follow");
  }
}

/** Whether the resource is one of those that say something else now: the question for each subscription. */
export function isAbout({ uris, covers }: Change, uri: string): boolean {
  return uris.includes(uri) || covers?.(uri) === true;
}
