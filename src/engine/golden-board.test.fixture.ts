/**
 * Golden streams of the board, kept as those of the session are (`golden.test.fixture.ts`), in a folder of their own.
 */
import { join } from "node:path";
import { board } from "../core/board/board.ts";
import type { BoardState } from "../core/board/state.ts";
import type { BoardFacts } from "../core/board/verdict.ts";
import type { BoardCommand, BoardEvent, ClaimLane, PostMessage } from "../wire/board.ts";
import type { Json } from "../wire/json.ts";
import type { Golden, GoldenStage } from "./golden-stage.test.fixture.ts";
import { GOLDEN_FOLDER, plain } from "./golden.test.fixture.ts";
import { hashOf } from "./seal.ts";

/** What a board's state says; the texts at hand by the ids that they are kept under. */
function sayingOfBoard(state: Readonly<BoardState>): Json {
  const { id, epoch, fence, lanes, orphans, rows, places, posted, overlooked, acknowledged, requests } = state;
  const facts = { id, epoch, fence, lanes, rows, places, posted, overlooked, acknowledged, requests };
  const kept = { messages: state.messages.byId, pending: [...state.pending.byId.keys()] };
  return plain({ ...facts, orphans: [...orphans], ...kept, firstDeadline: state.deadlines.first() ?? null });
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
async function playBoardDay({ gives: givesWith, pass, restart }: GoldenStage<BoardCommand, BoardFacts>): Promise<void> {
  const gives = (command: BoardCommand) =>
    givesWith(command, "requestId" in command ? { contentHash: hashOf(command as unknown as Json) } : {});
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

export const GOLDEN_BOARD: Golden<BoardState, BoardCommand, BoardEvent, BoardFacts> = {
  aggregate: board,
  settings: {},
  folder: join(GOLDEN_FOLDER, "board"),
  sayingOf: sayingOfBoard,
  day: playBoardDay,
};
