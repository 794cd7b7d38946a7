/** How events become state: dull, total, and the only writer of a board's state. */
import type { BoardEvent, BoardEventOf } from "../../wire/board.ts";
import { type Place, type SettledRequest, unreachable } from "../aggregate.ts";
import { isBefore } from "../row.ts";
import {
  type BoardMessage,
  type BoardState,
  type Kept,
  MAX_ACKNOWLEDGED,
  MAX_KEPT_UNITS,
  MAX_MESSAGES,
  MAX_PENDING,
  MAX_REQUESTS,
  ORPHANED_MS,
} from "./state.ts";
import { keepOf, leaseOf } from "./time.ts";

/** Fencing tokens that one millisecond of an epoch has room for. */
const FENCES = 4096;

export function evolve(state: BoardState, event: BoardEvent, at: Place): void {
  state.revision = at.revision;
  switch (event.type) {
    case "Opened":
      state.id = event.sessionId;
      state.epoch = event.epoch;
      state.fence = Math.max(state.fence, event.epoch * FENCES);
      return;
    case "LaneClaimed":
      return claim(state, event, at);
    case "LaneRenewed":
      return renew(state, event);
    case "LaneReleased":
    case "LaneForgotten":
      return forget(state, event.lane);
    case "LaneExpired":
      return expire(state, event);
    case "ClaimWaiting":
      return wait(state, event, at);
    case "PlaceGivenUp":
      return leave(state, event.ticket);
    case "MessagePosted":
      return post(state, event, at);
    case "MessageAcknowledged":
      return acknowledge(state, event, at);
    case "Settled":
      return settle(state, event, at);
    default:
      return unreachable(event);
  }
}

function claim(state: BoardState, event: BoardEventOf<"LaneClaimed">, at: Place): void {
  const { lane: name, owner, proof, fence, leaseMs, expiresAtMs, ticket } = event;
  if (ticket !== undefined) leave(state, ticket);
  state.fence = fence;
  state.orphans.delete(name);
  state.lanes.set(name, { name, owner, proof, fence, state: "held", leaseMs, expiresAtMs, sinceMs: at.atMs });
  state.deadlines.set(leaseOf(name), expiresAtMs);
}

function renew(state: BoardState, { lane: name, leaseMs, expiresAtMs }: BoardEventOf<"LaneRenewed">): void {
  const lane = state.lanes.get(name);
  if (lane === undefined) return;
  lane.leaseMs = leaseMs;
  lane.expiresAtMs = expiresAtMs;
  state.deadlines.set(leaseOf(name), expiresAtMs);
}

function expire(state: BoardState, { lane: name }: BoardEventOf<"LaneExpired">): void {
  const lane = state.lanes.get(name);
  if (lane === undefined) return;
  lane.state = "expired";
  state.orphans.add(name);
  state.deadlines.set(leaseOf(name), lane.expiresAtMs + ORPHANED_MS);
}

function forget(state: BoardState, name: string): void {
  state.lanes.delete(name);
  state.orphans.delete(name);
  state.deadlines.set(leaseOf(name), undefined);
}

/** One place in a row for each who waits; asking again keeps since when. */
function wait(state: BoardState, event: BoardEventOf<"ClaimWaiting">, at: Place): void {
  const { ticket, lane, owner, proof, leaseMs, priority, keptUntilMs } = event;
  const standing = state.places.get(ticket);
  const since = { sinceMs: standing?.sinceMs ?? at.atMs, since: standing?.since ?? at.revision };
  const waiter = { ticket, lane, owner, proof, leaseMs, priority, keptUntilMs, ...since };
  const row = (state.rows.get(lane) ?? []).filter((one) => one.ticket !== ticket);
  const behind = row.findIndex((other) => isBefore(waiter, other));
  row.splice(behind === -1 ? row.length : behind, 0, waiter);
  state.rows.set(lane, row);
  state.places.set(ticket, waiter);
  state.deadlines.set(keepOf(ticket), keptUntilMs);
}

function leave(state: BoardState, ticket: string): void {
  const waiter = state.places.get(ticket);
  if (waiter === undefined) return;
  const row = (state.rows.get(waiter.lane) ?? []).filter((one) => one !== waiter);
  if (row.length === 0) state.rows.delete(waiter.lane);
  else state.rows.set(waiter.lane, row);
  state.places.delete(ticket);
  state.deadlines.set(keepOf(ticket), undefined);
}

function post(state: BoardState, event: BoardEventOf<"MessagePosted">, { revision, atMs }: Place): void {
  const { messageId: id, topic, sender, proof, body, actionFlag } = event;
  const message = { id, revision, topic, sender, proof, body, actionFlag, postedAtMs: atMs };
  state.posted += 1;
  keep(state.messages, message, MAX_MESSAGES);
  if (actionFlag) state.overlooked += keep(state.pending, message, MAX_PENDING);
}

function acknowledge(state: BoardState, { messageId, by }: BoardEventOf<"MessageAcknowledged">, { atMs }: Place): void {
  drop(state.pending, messageId);
  state.acknowledged.set(messageId, { by, atMs });
  dropOldest(state.acknowledged, MAX_ACKNOWLEDGED);
}

const unitsOf = ({ topic, sender, body }: BoardMessage): number => topic.length + sender.length + body.length;

/** Puts it to the newest, and says how many of the oldest had to go. */
function keep(kept: Kept, message: BoardMessage, most: number): number {
  kept.byId.set(message.id, message);
  kept.units += unitsOf(message);
  let gone = 0;
  for (const id of kept.byId.keys()) {
    if (kept.byId.size <= most && kept.units <= MAX_KEPT_UNITS) break;
    drop(kept, id);
    gone += 1;
  }
  return gone;
}

function drop(kept: Kept, id: string): void {
  const message = kept.byId.get(id);
  if (message === undefined) return;
  kept.byId.delete(id);
  kept.units -= unitsOf(message);
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  if (map.size > most) map.delete(map.keys().next().value as string);
}

function settle({ requests }: BoardState, { request, contentHash = "", result }: BoardEventOf<"Settled">, { revision }: Place): void {
  if (request === undefined) return;
  requests.set(request, { revision, contentHash, result: result as SettledRequest["result"] });
  dropOldest(requests, MAX_REQUESTS);
}
