/** How a client of the coordination bus is answered: bus-mcp's two kinds of failure, or the object that the bus gave. */
import type { JsonObject } from "../json.ts";

export interface BusFault {
  /** Whether the bus was not reached, or said no. */
  readonly type: "bus_unreachable" | "bus_api_error";
  /** A sentence, which a tool begins with its name. */
  readonly message: string;
  /** HTTP status of an answer. */
  readonly statusCode?: number;
  /** What is known of the cause. */
  readonly reason?: string;
}

/** What our own bus says of a request whose id was that of another one. */
export const REUSED_REQUEST = "this request id was used before with other content; use a new one";

export type BusAnswer = { readonly ok: true; readonly body: JsonObject } | { readonly ok: false; readonly fault: BusFault };
