/** What the four tools of the peers' mail have in common: any JSON as a body, and a bus that cannot be used. */
import * as z from "zod";
import { codeOf, failed } from "./failure.ts";
import type { Answer } from "./tool.ts";

/** Declared an object, as peerbus has it, and any JSON is taken. */
export const anyBody = () =>
  z
    .unknown()
    .refine((body) => body !== undefined, "is missing")
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
