/** What clients ask of the coordination bus, as bus-mcp's HTTP interface has it: the routes, each with what goes along. */
import type { JsonObject } from "../json.ts";

/** How long a lane is held when nobody says, in seconds. */
export const DEFAULT_LEASE_S = 300;

export interface BusRequest {
  readonly method: "GET" | "POST";
  /** Below the address of the bus, each part as it is named. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  /** Of a write. */
  readonly body?: JsonObject;
  /** Milliseconds that the bus may take beyond its time, because the caller waits for something. */
  readonly waitMs?: number;
  /** What our own bus is asked when the caller waits no more. */
  readonly unasked?: BusRequest;
}

export interface NewMessage {
  readonly topic: string;
  readonly sender: string;
  readonly body: string;
  readonly action_flag: boolean;
  readonly client_request_id?: string | undefined;
}

export interface MessageQuery {
  readonly topic?: string | undefined;
  readonly limit: number;
  /** Only those that were posted before the one of this id. */
  readonly before?: string | undefined;
  /** Only those that hold this text. */
  readonly q?: string | undefined;
}

export interface LaneClaim {
  readonly owner: string;
  readonly lease_s: number;
  readonly wait_s?: number | undefined;
  readonly ticket?: string | undefined;
  readonly priority?: string | undefined;
  readonly client_request_id?: string | undefined;
}

export const postMessage = (message: NewMessage): BusRequest => ({ method: "POST", path: ["message"], body: { ...message } });

export const readMessages = ({ limit, topic, before, q }: MessageQuery): BusRequest => ({
  method: "GET",
  path: ["messages"],
  query: {
    limit: String(limit),
    ...(topic === undefined ? {} : { topic }),
    ...(before === undefined ? {} : { before }),
    ...(q === undefined ? {} : { q }),
  },
});

export const claimLane = (lane: string, claim: LaneClaim): BusRequest => ({
  method: "POST",
  path: ["lanes", lane, "claim"],
  body: { ...claim },
  ...(claim.wait_s === undefined
    ? {}
    : { waitMs: claim.wait_s * 1_000, unasked: releaseLane(lane, { owner: claim.owner, place_only: true }) }),
});

export const releaseLane = (
  lane: string,
  release: { owner: string; place_only?: boolean; client_request_id?: string | undefined },
): BusRequest => ({
  method: "POST",
  path: ["lanes", lane, "release"],
  body: { ...release },
});

export const heartbeatLane = (
  lane: string,
  beat: { owner: string; lease_s: number; client_request_id?: string | undefined },
): BusRequest => ({ method: "POST", path: ["lanes", lane, "heartbeat"], body: { ...beat } });

export const busStatus = (): BusRequest => ({ method: "GET", path: ["status"] });

/** A person's word about a flagged message; no tool of a model asks it. */
export const acknowledgeMessage = (id: string, by: string): BusRequest => ({
  method: "POST",
  path: ["messages", id, "ack"],
  body: { by },
});
