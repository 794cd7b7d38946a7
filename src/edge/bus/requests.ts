/** What each route does with what it was sent: its form first, then who speaks in whose name, then the board. */
import type { Proof } from "../../wire/board.ts";
import {
  AcknowledgeBody,
  CheckBody,
  ClaimBody,
  HeartbeatBody,
  MessageBody,
  MessagesQuery,
  read,
  ReleaseBody,
} from "../../wire/bus/bodies.ts";
import type { Actor } from "../../wire/record.ts";
import { type Answer, failed, invalid } from "./answers.ts";
import type { BoardEdge } from "./board-edge.ts";
import { type Caller, type Fingerprints, proofOf } from "./caller.ts";
import type { Guest } from "../http/guests.ts";
import type { Claim } from "../http/reading-room.ts";
import type { Route } from "./paths.ts";
import { readJson, type Sent } from "./request-body.ts";

export interface Asked {
  readonly request: Sent & Pick<Request, "url">;
  readonly guest: Pick<Guest, "signal">;
  readonly caller: Caller;
  readonly board: BoardEdge;
  readonly fingerprintsOf: Fingerprints;
  readonly writes: "armed" | "open";
  /** Of room for its body; missing where that is here already. */
  readonly claim?: Pick<Claim, "holds">;
  /** Whether what its caller showed is given out still; missing where that is no question. */
  readonly stillHolds?: () => boolean;
}

export async function carryOut(route: Exclude<Route, { name: "events" }>, asked: Asked): Promise<Answer> {
  const { request, board, caller } = asked;
  switch (route.name) {
    case "status":
      return board.status(asked.writes);
    case "messages": {
      const { searchParams } = new URL(request.url);
      const query = read(MessagesQuery, Object.fromEntries(searchParams), ["query"]);
      if ("flaws" in query) return invalid(query.flaws);
      const { topic, q, limit, before } = query.data;
      return board.messages(
        { topic: topic || undefined, text: q || undefined, limit, before },
        { name: readerOf(caller), signal: asked.guest.signal },
      );
    }
    case "message": {
      const body = await bodyOf(asked, MessageBody);
      if ("status" in body) return body;
      const { topic, sender, body: text, action_flag: actionFlag, client_request_id: requestId } = body.data;
      return inTheNameOf(asked, sender, "sender", (proof, actor) =>
        board.carry({ type: "PostMessage", topic, sender, proof, body: text, actionFlag, requestId }, actor),
      );
    }
    case "claim": {
      const body = await bodyOf(asked, ClaimBody);
      if ("status" in body) return body;
      const { owner, lease_s: leaseMs, wait_s = 0, ticket, priority, client_request_id: requestId } = body.data;
      const wait = wait_s > 0 || ticket !== undefined ? { ticket, priority } : undefined;
      return inTheNameOf(asked, owner, "owner", (proof, actor) =>
        board.claim(
          { type: "ClaimLane", lane: route.lane, owner, proof, leaseMs, wait, requestId },
          actor,
          wait_s * 1000,
          asked.guest.signal,
        ),
      );
    }
    case "heartbeat": {
      const body = await bodyOf(asked, HeartbeatBody);
      if ("status" in body) return body;
      const { owner, lease_s: leaseMs, client_request_id: requestId } = body.data;
      return inTheNameOf(asked, owner, "owner", (proof, actor) =>
        board.carry({ type: "RenewLane", lane: route.lane, owner, proof, leaseMs, requestId }, actor),
      );
    }
    case "release": {
      const body = await bodyOf(asked, ReleaseBody);
      if ("status" in body) return body;
      const { owner, place_only: placeOnly, client_request_id: requestId } = body.data;
      return inTheNameOf(asked, owner, "owner", (proof, actor) =>
        board.carry({ type: "ReleaseLane", lane: route.lane, owner, proof, placeOnly, requestId }, actor),
      );
    }
    case "check": {
      const body = await bodyOf(asked, CheckBody);
      return "status" in body ? body : board.check(route.lane, body.data.fencing_token);
    }
    case "ack": {
      // A bridge speaks for its principal, a program of the user's own for none.
      if (caller.kind !== "own" || caller.principal !== undefined) {
        return failed(403, "a flag is acknowledged by a person: with «signalbox board ack», or in the panel");
      }
      const body = await bodyOf(asked, AcknowledgeBody);
      if ("status" in body) return body;
      const { by, client_request_id: requestId } = body.data;
      return board.carry({ type: "AcknowledgeMessage", messageId: route.id, by, requestId }, actorOf(by, undefined, caller));
    }
  }
}

async function bodyOf<Schema extends Parameters<typeof read>[0]>({ request, claim }: Asked, schema: Schema) {
  const json = await readJson(request, claim);
  if ("status" in json) return json;
  const body = read(schema, json.value, ["body"]);
  return "flaws" in body ? invalid(body.flaws) : body;
}

async function inTheNameOf(
  { caller, fingerprintsOf, stillHolds }: Asked,
  name: string,
  member: "owner" | "sender",
  act: (proof: Proof | undefined, actor: Actor) => Promise<Answer>,
): Promise<Answer> {
  const proven = await proofOf(caller, name, member, fingerprintsOf);
  if ("status" in proven) return proven;
  // Its body may have taken minutes.
  if (stillHolds?.() === false) return failed(401, "this token is given out no more; ask whoever runs the coordinator for another");
  return act(proven.proof, actorOf(name, proven.proof, caller));
}

/** As far as callers are told from each other. */
function readerOf(caller: Caller): string {
  if (caller.kind === "token") return caller.fingerprint;
  return caller.kind === "own" ? `own ${caller.principal ?? ""}` : "anybody";
}

function actorOf(name: string, proof: Proof | undefined, caller: Caller): Actor {
  const fingerprint = caller.kind === "token" ? { fingerprint: caller.fingerprint } : {};
  return { principal: name, ...fingerprint, verified: proof === undefined ? "asserted" : "token" };
}
