/**
 * Golden streams of the board, kept as those of the session are (`golden.test.fixture.ts`), in a folder of their own.
 */
import { join } from "node:path";
import { board } from "../core/board/board.ts";
import { type BoardState, initialState } from "../core/board/state.ts";
import type { BoardCommand, ClaimLane, PostMessage } from "../wire/board.ts";
import type { Json } from "../wire/json.ts";
import type { LogRecord, Revision } from "../wire/record.ts";
import { GOLDEN_FOLDER, keptStreams, plain } from "./golden.test.fixture.ts";

export const BOARD_FOLDER = join(GOLDEN_FOLDER, "board");

export interface BoardRefusal {
  readonly after: Revision;
  readonly atMs: number;
  readonly facts: { readonly contentHash?: string };
  readonly command: BoardCommand;
  readonly code: string;
}

export const keptBoards = () =>
  keptStreams(BOARD_FOLDER).map(({ refusals, ...stream }) => ({ ...stream, refusals: refusals as unknown as readonly BoardRefusal[] }));

export function foldBoard(records: readonly LogRecord[]): BoardState {
  const state = initialState();
  for (const record of records) for (const event of record.events) board.evolve(state, board.readEvent(event), record);
  return state;
}

/** What a board's state says; the texts at hand by the ids that they are kept under. */
export function sayingOfBoard(state: Readonly<BoardState>): Json {
  const { id, epoch, fence, lanes, orphans, rows, places, posted, overlooked, acknowledged, requests } = state;
  const facts = { id, epoch, fence, lanes, rows, places, posted, overlooked, acknowledged, requests };
  const kept = { messages: state.messages.byId, pending: [...state.pending.byId.keys()] };
  return plain({ ...facts, orphans: [...orphans], ...kept, firstDeadline: state.deadlines.first() ?? null });
}

export interface BoardStage {
  /** Gives `ok` or the code of the refusal, and what the sender was given. */
  readonly gives: (command: BoardCommand) => Promise<{ readonly code: string; readonly result: Json }>;
  readonly pass: (ms: number) => Promise<void>;
  readonly restart: () => Promise<void>;
}

const MINUTE = 60_000;
const ana = { principal: "ana", by: "bridge" } as const;
const dan = { principal: "dan", by: "token" } as const;

const claim = (owner: string, lane: string, more: Partial<ClaimLane> = {}): ClaimLane => ({
  type: "ClaimLane",
  lane,
  owner,
  leaseMs: 10 * MINUTE,
  ...more,
});
const post = (sender: string, body: string, more: Partial<PostMessage> = {}): PostMessage => ({
  type: "PostMessage",
  topic: "news",
  sender,
  body,
  actionFlag: false,
  ...more,
});

/** Everything that a board may record, and every way in which it refuses. */
export async function playBoardDay({ gives, pass, restart }: BoardStage): Promise<void> {
  await gives(claim("ana/tests", "deploy", { proof: ana, requestId: "r1" }));
  await gives(claim("ana/tests", "deploy", { proof: ana, requestId: "r1", leaseMs: MINUTE }));
  await gives(claim("ana/tests", "deploy"));
  await gives({ type: "RenewLane", lane: "deploy", owner: "ana/tests", proof: ana, leaseMs: 20 * MINUTE });
  await gives({ type: "RenewLane", lane: "deploy", owner: "bo", leaseMs: MINUTE });
  await gives({ type: "ReleaseLane", lane: "deploy", owner: "bo" });
  const { result } = await gives(claim("bo", "deploy", { wait: { priority: "high" } }));
  await gives(claim("dan", "deploy", { proof: dan, wait: {} }));
  await gives(claim("cy", "deploy", { wait: {} }));
  await gives({ type: "ReleaseLane", lane: "deploy", owner: "cy" });
  await gives({ type: "ReleaseLane", lane: "deploy", owner: "ana/tests", proof: ana }); // bo has it
  await gives(claim("bo", "deploy", { wait: { ticket: ticketIn(result) } }));
  await gives(claim("cy", "deploy", { wait: { ticket: "ticket-of-yesterday" } }));
  for (let index = 1; index <= 101; index += 1) await gives(claim(`crowd${index}`, "deploy", { wait: { priority: "low" } }));
  await pass(3 * MINUTE); // all places are given up
  await gives(post("ana", "the tests are red", { topic: "ci", actionFlag: true, proof: ana }));
  const flagged = await gives(post("bo", "please restart the runner", { actionFlag: true, requestId: "r2" }));
  const plain = await gives(post("bo", "never mind"));
  await gives({ type: "AcknowledgeMessage", messageId: messageIn(flagged.result), by: "cy", requestId: "r3" });
  await gives({ type: "AcknowledgeMessage", messageId: messageIn(plain.result), by: "cy" });
  await gives({ type: "AcknowledgeMessage", messageId: "msg-1-none", by: "cy" });
  await gives(claim("bo", "short", { leaseMs: MINUTE }));
  await gives(claim("bo", "left", { leaseMs: MINUTE }));
  await pass(2 * MINUTE);
  await gives(claim("dan", "short", { proof: dan, leaseMs: 20 * 24 * 60 * MINUTE })); // stolen
  await pass(8 * 24 * 60 * MINUTE); // «left» and «deploy» are forgotten
  await restart();
  await gives(claim("ana", "deploy", { proof: ana, leaseMs: 2 * MINUTE }));
  await gives(claim("cy", "deploy", { wait: { priority: "low" } }));
  await gives(claim("cy", "orphan", { leaseMs: MINUTE }));
  await pass(MINUTE);
}

type Given = { readonly waiting?: { readonly ticket: string }; readonly message?: { readonly id: string } };
const ticketIn = (result: Json): string => (result as Given).waiting?.ticket ?? "";
const messageIn = (result: Json): string => (result as Given).message?.id ?? "";
