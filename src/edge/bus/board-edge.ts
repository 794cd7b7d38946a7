/**
 * One session's board as this edge serves it: requests become commands and questions, and a claim that waits is answered
 * when it has its turn or its time is over.
 */
import {
  type BoardState,
  isHeld,
  isWanted,
  type Lane,
  lanesIn,
  laneUnder,
  type MessageFilter,
  newestBefore,
  pendingIn,
} from "../../core/board/read.ts";
import type { Engine } from "../../engine/engine.ts";
import { hashOf } from "../../engine/seal.ts";
import type { Outcome, StreamHost } from "../../engine/stream-host.ts";
import type { BoardCommand, BoardEvent, BoardResult, ClaimLane } from "../../wire/board.ts";
import type { Json, JsonObject } from "../../wire/json.ts";
import type { Actor } from "../../wire/record.ts";
import { type Answer, done, refused } from "./answers.ts";
import { laneView, messageLine, messageView, secondsTo } from "./views.ts";

/** What the overview shows of messages and of flags. */
const RECENT = 20;
const PENDING = 50;

/** Characters of text in one answer, after which the rest is for the next. */
const PAGE_CHARACTERS = 2 * 1024 * 1024;

export type BoardHost = StreamHost<BoardState, BoardCommand, JsonObject>;

export interface BoardEdgeOptions {
  readonly host: BoardHost;
  readonly engine: Pick<Engine, "nowMs">;
  /** Which lanes belong to a principal that has left the session, or has fallen silent there. */
  readonly ownersGone: (lanes: readonly Lane[]) => Promise<ReadonlySet<string>>;
}

export interface MessagesAsked extends MessageFilter {
  readonly limit: number;
  readonly before?: number | undefined;
}

export interface BoardEdge {
  /** @param waitMs - how long the answer may be put off while somebody else has the lane */
  claim(command: ClaimLane, actor: Actor, waitMs: number, signal: AbortSignal): Promise<Answer>;
  carry(command: Exclude<BoardCommand, ClaimLane>, actor: Actor): Promise<Answer>;
  check(lane: string, fence: number): Promise<Answer>;
  messages(asked: MessagesAsked): Promise<Answer>;
  status(writes: "armed" | "open"): Promise<Answer>;
}

export function createBoardEdge({ host, engine, ownersGone }: BoardEdgeOptions): BoardEdge {
  const submit = (command: BoardCommand, actor: Actor): Promise<Outcome> =>
    new Promise((resolve) => {
      host.submit({ command, actor, facts: () => ({ ...factsOf(command) }) }, resolve);
    });

  /** Resolves when the place has its turn or is given up, the time is over, or nobody waits for the answer any more. */
  function turnOf(ticket: string, waitMs: number, signal: AbortSignal): { readonly over: Promise<void> } & Disposable {
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    const hearing = host.subscribe(({ events }) => {
      const isOver = (event: BoardEvent): boolean =>
        (event.type === "LaneClaimed" || event.type === "PlaceGivenUp") && event.ticket === ticket;
      if ((events as readonly BoardEvent[]).some(isOver)) end();
    });
    const timer = setTimeout(end, waitMs);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    return {
      over,
      [Symbol.dispose]() {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        hearing[Symbol.dispose]();
      },
    };
  }

  function claimed(command: ClaimLane, outcome: Outcome): Answer {
    if (!outcome.ok) return refused(outcome.rejection);
    const result = outcome.result as unknown as BoardResult;
    const { lane: name, owner, proof } = command;
    if ("lane" in result) return done(laneView({ name, owner, proof, state: "held", ...result.lane }, engine.nowMs()));
    const { ticket, ahead, holder, expiresAtMs } = (result as Extract<BoardResult, { waiting: unknown }>).waiting;
    const expires_in_s = secondsTo(expiresAtMs, engine.nowMs());
    return { status: 202, body: { lane: name, status: "waiting", ticket, ahead, holder, expires_in_s } };
  }

  return {
    async claim(command, actor, waitMs, signal) {
      const first = await submit(command, actor);
      const ticket = ticketOf(first);
      if (ticket === undefined || waitMs === 0) return claimed(command, first);
      {
        using turn = turnOf(ticket, waitMs, signal);
        await turn.over;
      }
      // Whoever has gone away does not ask for the place again.
      if (signal.aborted) return claimed(command, first);
      return claimed(command, await submit({ ...command, wait: { ...command.wait, ticket } }, actor));
    },
    async carry(command, actor) {
      const outcome = await submit(command, actor);
      if (!outcome.ok) return refused(outcome.rejection);
      const result = (outcome.result ?? { released: true }) as unknown as BoardResult;
      switch (command.type) {
        case "PostMessage": {
          const { id, postedAtMs } = (result as Extract<BoardResult, { message: unknown }>).message;
          return done(messageView({ ...command, proof: command.proof, id, postedAtMs, acknowledged: undefined }));
        }
        case "RenewLane": {
          const { lane: name, owner, proof } = command;
          const { lane } = result as Extract<BoardResult, { lane: unknown }>;
          return done(laneView({ name, owner, proof, state: "held", ...lane }, engine.nowMs()));
        }
        case "ReleaseLane":
          return done({ lane: command.lane, released: true });
        case "AcknowledgeMessage": {
          const { by, atMs } = (result as Extract<BoardResult, { acknowledged: unknown }>).acknowledged;
          return done({ id: command.messageId, acknowledged: { by, at: new Date(atMs).toISOString() } });
        }
      }
    },
    check: (lane, fence) =>
      host.query((state) => {
        const found = laneUnder(state, lane, fence, engine.nowMs());
        return done(found === undefined ? { lane, valid: false } : { lane, valid: true, owner: found.owner, fencing_token: found.fence });
      }),
    messages: ({ limit, before = Infinity, ...wanted }) =>
      host.query((state) => {
        const messages: JsonObject[] = [];
        let [characters, last] = [0, 0];
        for (const message of newestBefore(state, before)) {
          if (messages.length === limit || characters >= PAGE_CHARACTERS) return done({ messages, before: String(last) });
          last = message.revision;
          if (!isWanted(message, wanted)) continue;
          characters += message.body.length;
          messages.push(messageView(message));
        }
        return done({ messages });
      }),
    async status(writes) {
      const nowMs = engine.nowMs();
      const { lanes, recent, pending, overlooked } = await host.query((state) => {
        const { messages, overlooked } = pendingIn(state);
        const copies = lanesIn(state).map((lane) => ({ ...lane }));
        return { lanes: copies, recent: firstOf(newestBefore(state, Infinity), RECENT).map(messageLine), pending: messages, overlooked };
      });
      const gone = await ownersGone(lanes.filter((lane) => lane.proof !== undefined && isHeld(lane, nowMs)));
      const views = lanes.map((lane) => ({
        lane,
        isGone: gone.has(lane.name),
        view: laneView({ ...lane, isOwnerGone: gone.has(lane.name) }, nowMs),
      }));
      return done({
        active_lanes: views.filter(({ lane }) => isHeld(lane, nowMs)).map(({ view }) => view),
        orphaned_claims: views.filter(({ lane, isGone }) => isGone || !isHeld(lane, nowMs)).map(({ view }) => view),
        recent_messages: recent,
        pending_action_flags: pending.slice(0, PENDING).map(messageLine),
        ...(pending.length + overlooked > PENDING ? { pending_action_flag_count: pending.length + overlooked } : {}),
        writes,
      });
    },
  };
}

/** What a request with an id says, without what differs between two sendings of the same. */
function factsOf(command: BoardCommand): { contentHash?: string } {
  const { requestId, ...content } = command;
  if (requestId === undefined) return {};
  const { wait, ...rest } = content as { readonly wait?: ClaimLane["wait"] };
  return { contentHash: hashOf((wait === undefined ? content : { ...rest, priority: wait.priority }) as Json) };
}

const ticketOf = (outcome: Outcome): string | undefined => {
  const waiting = outcome.ok ? (outcome.result?.["waiting"] as { readonly ticket: string } | undefined) : undefined;
  return waiting?.ticket;
};

function firstOf<Item>(items: Iterable<Item>, count: number): Item[] {
  const first: Item[] = [];
  for (const item of items) if (first.push(item) === count) break;
  return first;
}
