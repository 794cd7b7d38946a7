/**
 * What is answered to a frame that is no message which could be carried: what is wrong with it, unless nothing would be taken
 * of its sender whatever it said (SPEC 14.1, 14.5). A type that nobody knows is passed over else.
 */
import type { RefusalCode } from "../../wire/refusals.ts";
import type { Frame } from "./frames.ts";

/** Where the connection stands that it came over. */
export interface Standing {
  readonly hasJoined: boolean;
  /** Why the session has ended, where it has. */
  readonly closed: string | undefined;
}

export function answerTo(
  frame: Extract<Frame, { kind: "bad" | "ignored" }>,
  { hasJoined, closed }: Standing,
): { readonly code: RefusalCode; readonly why: string } | undefined {
  const { type } = frame;
  if (type !== undefined && type !== "HELLO" && !hasJoined) {
    return { code: "session/not-joined", why: "nothing is taken before HELLO; send that first" };
  }
  if (type !== undefined && type !== "GOODBYE" && closed !== undefined) {
    return { code: "session/closed", why: `this session has ended (${closed}); nothing but GOODBYE is taken` };
  }
  return frame.kind === "bad" ? frame : undefined;
}
