/**
 * One session's board as this edge serves it: requests become commands and questions, and a claim that waits is answered
 * when it has its turn or its time is over.
 */
import {
  acknowledgementOf,
  type BoardState,
  isHeld,
  type Lane,
  lanesIn,
  laneUnder,
  newestBefore,
  pendingIn,
} from "../../core/board/read.ts";
import type { Engine } from "../../engine/engine.ts";
import { hashOf } from "../../engine/seal.ts";
import type { Outcome } from "../../engine/outcome.ts";
import type { BoardCommand, BoardEvent, BoardResult, ClaimLane } from "../../wire/board.ts";
import type { Json, JsonObject } from "../../wire/json.ts";
import type { Actor, LogRecord, Revision } from "../../wire/record.ts";
import type { AtOnce } from "../http/at-once.ts";
import type { ServerSentEvent } from "../http/sse.ts";
import { type Answer, done, failed, refused } from "./answers.ts";
import type { BoardHost } from "./board-host.ts";
import { boardEvents } from "./events.ts";
import { type MessagesAsked, pageOf } from "./message-pages.ts";
import { hearTurns } from "./turns.ts";
import { acknowledgementView, laneView, messageLine, messageView, secondsTo } from "./views.ts";

/** What the overview shows of messages and of flags. */
const RECENT = 20;
const PENDING = 50;

export interface BoardEdgeOptions {
  readonly host: BoardHost;
  readonly engine: Pick<Engine, "nowMs" | "read">;
  /** Which lanes, by name, belong to a principal that has left the session or has fallen silent there. */
  readonly ownersGone: (lanes: readonly Lane[]) => Promise<ReadonlySet<string>>;
  /** Pages of messages that are made: one may read thousands of records. */
  readonly readings: AtOnce;
}

export interface Reader {
  /** Tells who asks from others. */
  readonly name: string;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface BoardEdge {
  /** @param waitMs - how long the answer may be put off while somebody else has the lane */
  claim(command: ClaimLane, actor: Actor, waitMs: number, signal: AbortSignal): Promise<Answer>;
  carry(command: Exclude<BoardCommand, ClaimLane>, actor: Actor): Promise<Answer>;
  check(lane: string, fence: number): Promise<Answer>;
  messages(asked: MessagesAsked, reader: Reader): Promise<Answer>;
  status(writes: "armed" | "open"): Promise<Answer>;
  events(after: Revision | undefined, signal: AbortSignal): AsyncIterable<ServerSentEvent>;
}

export function createBoardEdge({ host, engine, ownersGone, readings }: BoardEdgeOptions): BoardEdge {
  const submit = (command: BoardCommand, actor: Actor): Promise<Outcome> =>
    new Promise((resolve) => {
      host.submit({ command, actor, facts: () => factsOf(command) }, resolve);
    });

  /** The first answer is given again to a repeat, which is told where that is not so any more. */
  async function held(
    { lane: name, owner, proof }: Exclude<BoardCommand, { body: string } | { by: string }>,
    { record, lane }: { readonly record: LogRecord | undefined; readonly lane: Given["lane"] },
    more: JsonObject = {},
  ): Promise<Answer> {
    const nowMs = engine.nowMs();
    const shown = { ...laneView({ name, owner, proof, state: "held", ...lane }, nowMs), ...more };
    if (record !== undefined) return done(shown);
    const isHeld = await host.query((state) => laneUnder(state, name, lane.fence, nowMs) !== undefined);
    return done(isHeld ? shown : { ...shown, state: "expired" });
  }

  /** @param isTurn - it had waited for the lane, and asks what came of that */
  async function claimed(command: ClaimLane, outcome: Outcome, isTurn = false): Promise<Answer> {
    if (!outcome.ok) return refused(outcome.rejection);
    const { lane, waiting } = givenBy(outcome);
    const isNew = isTurn || ((outcome.record?.events ?? []) as readonly BoardEvent[]).some(({ type }) => type === "LaneClaimed");
    if (waiting === undefined) return held(command, { record: outcome.record, lane }, isNew ? { claimed_now: true } : {});
    const { ticket, ahead, holder, expiresAtMs } = waiting;
    const expires_in_s = secondsTo(expiresAtMs, engine.nowMs());
    return { status: 202, body: { lane: command.lane, status: "waiting", ticket, ahead, holder, expires_in_s } };
  }

  return {
    async claim(command, actor, waitMs, signal) {
      using turns = hearTurns(host);
      const first = await submit(command, actor);
      const ticket = first.ok ? givenBy(first).waiting?.ticket : undefined;
      if (ticket === undefined || waitMs === 0) return claimed(command, first);
      await turns.over(ticket, waitMs, signal);
      // Whoever has gone away does not ask for the place again.
      if (signal.aborted) return claimed(command, first);
      return claimed(command, await submit({ ...command, wait: { ...command.wait, ticket } }, actor), true);
    },
    async carry(command, actor) {
      const outcome = await submit(command, actor);
      if (!outcome.ok) return refused(outcome.rejection);
      const { lane, message, acknowledged } = givenBy(outcome);
      switch (command.type) {
        case "PostMessage":
          return done(messageView({ proof: command.proof, ...command, ...message }, undefined));
        case "RenewLane":
          return held(command, { record: outcome.record, lane });
        case "ReleaseLane":
          return done({ lane: command.lane, released: true });
        case "AcknowledgeMessage":
          return done({ id: command.messageId, acknowledged: acknowledgementView(acknowledged) });
      }
    },
    check: (lane, fence) =>
      host.query((state) => {
        const found = laneUnder(state, lane, fence, engine.nowMs());
        return done(found === undefined ? { lane, valid: false } : { lane, valid: true, owner: found.owner, fencing_token: found.fence });
      }),
    async messages(asked, { name, signal }) {
      using _turn = await readings.turn(name);
      if (signal.aborted) return failed(503, "nobody waits for this any more");
      const { messages, before } = await pageOf({ host, engine }, asked);
      return done({ messages, ...(before === undefined ? {} : { before: String(before) }) });
    },
    async status(writes) {
      const nowMs = engine.nowMs();
      const { lanes, flags, ...told } = await host.query((state, revision) => overviewOf(state, revision));
      const gone = await ownersGone(lanes.filter((lane) => lane.proof !== undefined && isHeld(lane, nowMs)));
      const view = (lane: Lane): JsonObject => laneView(lane, nowMs, gone.has(lane.name));
      const active = lanes.filter((lane) => isHeld(lane, nowMs));
      const orphaned = lanes.filter((lane) => gone.has(lane.name) || !isHeld(lane, nowMs));
      return done({
        active_lanes: active.map(view),
        orphaned_claims: orphaned.map(view),
        ...told,
        writes,
        _meta: { active_lane_count: active.length, orphaned_claim_count: orphaned.length, pending_action_flag_count: flags },
      });
    },
    events: (after, signal) => boardEvents({ host, engine, after, signal }),
  };
}

function overviewOf(state: Readonly<BoardState>, revision: Revision) {
  const { messages: pending, overlooked } = pendingIn(state);
  const recent: JsonObject[] = [];
  for (const message of newestBefore(state, Infinity)) {
    if (recent.push(messageLine(message, acknowledgementOf(state, message.id))) === RECENT) break;
  }
  return {
    lanes: lanesIn(state).map((lane) => ({ ...lane })),
    recent_messages: recent,
    pending_action_flags: pending.slice(0, PENDING).map((message) => messageLine(message, undefined)),
    flags: pending.length + overlooked,
    revision,
  };
}

/** What a request with an id says, without what differs between two sendings of the same. */
function factsOf(command: BoardCommand): { contentHash?: string } {
  const { requestId, ...content } = command;
  if (requestId === undefined) return {};
  const { wait, ...rest } = content as { readonly wait?: ClaimLane["wait"] };
  return { contentHash: hashOf((wait === undefined ? content : { ...rest, priority: wait.priority }) as Json) };
}

type Members<Union> = Union extends unknown ? keyof Union : never;
type Member<Union, Name extends PropertyKey> = Union extends { readonly [name in Name]: infer Value } ? Value : never;

/** Each command's result has the member that is read of it; a claim has one of two. */
type Given = { readonly [Name in Exclude<Members<BoardResult>, "waiting">]: Member<BoardResult, Name> } & {
  readonly waiting?: Member<BoardResult, "waiting">;
};

const givenBy = (outcome: Extract<Outcome, { ok: true }>): Given => (outcome.result ?? {}) as unknown as Given;
