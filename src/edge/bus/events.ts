/**
 * `GET /api/bus/events`: what happens on a board, as server-sent events whose ids are the board's revisions.
 *
 * One event for each record, because that is what a client can go on behind. A client that is further behind than is read
 * again for one, or ahead of a log that was restored, is told so by an event `gap` and goes on from there.
 */
import type { Engine } from "../../engine/engine.ts";
import { feed } from "../../engine/feed.ts";
import type { BoardEvent } from "../../wire/board.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { LogRecord, Revision } from "../../wire/record.ts";
import type { ServerSentEvent } from "../http/sse.ts";
import type { BoardHost } from "./board-host.ts";
import { acknowledgementView, messageView, timeOf } from "./views.ts";

/** Records that are read again for one client. */
const MOST_BEHIND = 10_000;

interface Following {
  readonly host: BoardHost;
  readonly engine: Pick<Engine, "read">;
  /** Of the last record that the client knows; without one it hears what happens from now on. */
  readonly after: Revision | undefined;
  readonly signal: AbortSignal;
}

export async function* boardEvents({ host, engine, after, signal }: Following): AsyncGenerator<ServerSentEvent, void, undefined> {
  const head = host.revision;
  const first = after === undefined || after > head ? head : Math.max(after, head - MOST_BEHIND);
  const records = feed({ host, engine, after: first, signal });
  if (after !== undefined && first !== after) {
    yield { id: first, event: "gap", data: JSON.stringify({ after, continues_after: first }) };
  }
  for await (const { revision, atMs, events } of records) {
    const changes = (events as readonly BoardEvent[]).flatMap((event) => changeOf(event, { atMs }) ?? []);
    if (changes.length > 0) yield { id: revision, event: "board", data: JSON.stringify({ revision, at: timeOf(atMs), changes }) };
  }
}

/** What a reader may know of an event; of tickets nobody but who waits does. */
function changeOf(event: BoardEvent, { atMs }: Pick<LogRecord, "atMs">): JsonObject | undefined {
  switch (event.type) {
    case "LaneClaimed": {
      const { lane, owner, proof, fence, leaseMs, expiresAtMs, stolenFrom } = event;
      const stolen = stolenFrom === undefined ? {} : { stolen_from: stolenFrom };
      return {
        change: "lane_claimed",
        lane,
        owner,
        asserted: proof === undefined,
        fencing_token: fence,
        ...lease(leaseMs, expiresAtMs),
        ...stolen,
      };
    }
    case "LaneRenewed":
      return { change: "lane_renewed", lane: event.lane, ...lease(event.leaseMs, event.expiresAtMs) };
    case "LaneReleased":
      return { change: "lane_released", lane: event.lane };
    case "LaneExpired":
      return { change: "lane_expired", lane: event.lane };
    case "LaneForgotten":
      return { change: "lane_forgotten", lane: event.lane };
    case "ClaimWaiting":
      return { change: "claim_waiting", lane: event.lane, owner: event.owner, asserted: event.proof === undefined };
    case "MessagePosted": {
      const { messageId: id, topic, sender, proof, body, actionFlag } = event;
      return { change: "message_posted", ...messageView({ id, topic, sender, proof, body, actionFlag, postedAtMs: atMs }, undefined) };
    }
    case "MessageAcknowledged":
      return { change: "message_acknowledged", id: event.messageId, acknowledged: acknowledgementView({ by: event.by, atMs }) };
    case "Opened":
    case "PlaceGivenUp":
    case "Settled":
      return undefined;
  }
}

const lease = (leaseMs: number, expiresAtMs: number): JsonObject => ({ lease_s: leaseMs / 1000, expires_at: timeOf(expiresAtMs) });
