/** What the four tools of the peers' mail have in common: any JSON as a body, and a bus that cannot be used. */
import * as z from "zod";
import { codeOf, failed } from "./failure.ts";
import type { Answer } from "./tool.ts";

/** Levels of a body: what nests deeper is not written and read everywhere. */
const MOST_LEVELS = 1_000;

/** Declared an object, as peerbus has it, and any JSON is taken. */
export const anyBody = () =>
  z
    .unknown()
    .refine((body) => body !== undefined, "is missing")
    .refine((body) => nestsWithin(body, MOST_LEVELS), `nests deeper than ${MOST_LEVELS.toLocaleString("en")} levels`)
    .describe("Any JSON.")
    .meta({ type: "object" });

export async function overPeers(tool: string, act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    if (cause.name === "MailUnfit") {
      const smaller = [{ tool, why: "with a smaller body; nothing was sent" }];
      return failed({ code: "MAIL_TOO_LARGE", message: cause.message, recoverable: true, next: smaller });
    }
    if (cause.name === "RequestReused") {
      const other = [{ tool, why: "with a client_request_id of its own" }];
      return failed({ code: codeOf("request/other-content"), message: cause.message, recoverable: true, next: other });
    }
    if (cause.name !== "PeersUnavailable") throw cause;
    const next = [{ tool, why: "again with the same arguments, later" }];
    return failed({ code: "PEERS_UNAVAILABLE", message: cause.message, recoverable: true, next });
  }
}

/** Level by level, because a call for each would not come back from the deepest. */
function nestsWithin(value: unknown, most: number): boolean {
  let level = [value].filter(isNesting);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === most) return false;
    level = level.flatMap((outer) => Object.values(outer).filter(isNesting));
  }
  return true;
}

const isNesting = (value: unknown): value is object => typeof value === "object" && value !== null;
