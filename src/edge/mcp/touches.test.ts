import { describe, expect, it } from "vitest";
import { type BoardPlay, LEASE, MINUTE, playBoard } from "../../core/board/board.test.fixture.ts";
import { acknowledge, broadcast, deliver, leave, play, register, send } from "../../core/mail/mail.test.fixture.ts";
import type { EngineCommand } from "../../core/aggregate.ts";
import type { BoardEvent } from "../../wire/board.ts";
import type { MailCommand } from "../../wire/mail.ts";
import { touchesOfBoard, touchesOfMail, type Touch } from "./touches.ts";

function words(touches: readonly Touch[]): string {
  const each = touches.map((touch) => {
    if ("uri" in touch) return touch.uri.replace("signalbox://", "");
    if ("scope" in touch) return "files";
    return "every" in touch ? `every ${touch.every}` : `inbox of ${touch.inboxOf}`;
  });
  return [...new Set(each)].toSorted().join(", ");
}

type Step = (board: BoardPlay) => void;

const claimed: Step = (board) => board.claim("ana");
const posted: Step = (board) => board.post("ana", "look", { topic: "a topic", actionFlag: true });
const idOf = ({ state }: BoardPlay): string => [...state.messages.byId.keys()][0] ?? "none";

describe("a record of the board touches", () => {
  it.each<{ name: string; given: Step[]; when: Step; touches: string }>([
    { name: "a lane is claimed", given: [], when: claimed, touches: "lanes" },
    { name: "a lane is renewed", given: [claimed], when: (board) => board.renew("ana"), touches: "lanes" },
    { name: "a lane is given back", given: [claimed], when: (board) => board.release("ana"), touches: "lanes" },
    { name: "a lease runs out", given: [claimed], when: (board) => board.pass(LEASE + MINUTE), touches: "lanes" },
    { name: "somebody waits for a lane", given: [claimed], when: (board) => board.claim("bo", { wait: {} }), touches: "lanes" },
    {
      name: "a message is posted",
      given: [],
      when: (board) => board.post("ana", "done", { topic: "a topic" }),
      touches: "board, board?topic=a%20topic",
    },
    { name: "a person is asked for", given: [], when: posted, touches: "board, board?topic=a%20topic, every inbox" },
    {
      name: "a person has seen to it",
      given: [posted],
      when: (board) => board.acknowledge(idOf(board)),
      touches: "board, board?topic=a%20topic, every inbox",
    },
    { name: "a process opens it", given: [], when: (board) => board.gives({ type: "Opened", session: "s", settings: {} }), touches: "" },
  ])("«$touches» when $name", ({ given, when, touches }) => {
    const board = playBoard();
    for (const step of given) step(board);
    const from = board.records.length;

    when(board);

    const records = board.records.slice(from);
    expect(records.length).toBeGreaterThan(0);
    expect(words(records.flatMap((record) => touchesOfBoard(record, board.state)))).toBe(touches);
  });

  it("every topic, where the message is not at hand", () => {
    const { state } = playBoard();
    const events: BoardEvent[] = [{ type: "MessageAcknowledged", messageId: "gone", by: "ana" }];

    expect(words(touchesOfBoard({ events }, state))).toBe("board, every inbox, every topic");
  });
});

describe("a record of the mail touches", () => {
  const here = [register("ana"), register("bo"), register("cy")];

  it.each<{ name: string; given: (MailCommand | EngineCommand)[]; when: MailCommand | EngineCommand; touches: string }>([
    { name: "a message is sent", given: here, when: send("ana", "bo", "1"), touches: "inbox of bo" },
    { name: "a message is sent to all", given: here, when: broadcast("ana", "1"), touches: "inbox of bo, inbox of cy" },
    { name: "a message is taken", given: [...here, send("ana", "bo", "1")], when: acknowledge("bo", "1"), touches: "inbox of bo" },
    { name: "a message is handed over", given: [...here, send("ana", "bo", "1")], when: deliver("bo", "1"), touches: "" },
    { name: "somebody acknowledges nothing", given: here, when: acknowledge("bo", "1"), touches: "" },
    { name: "a peer comes", given: [], when: register("ana"), touches: "" },
    { name: "a peer goes", given: here, when: leave("ana"), touches: "" },
    { name: "a process opens it", given: here, when: { type: "Opened", session: "s", settings: {} }, touches: "" },
    { name: "time passed unheard", given: here, when: { type: "Resumed", fromMs: 0 }, touches: "" },
  ])("«$touches» when $name", ({ given, when, touches }) => {
    const mail = play();
    for (const command of given) mail.says(command);
    const from = mail.events.length;

    mail.says(when);

    const events = mail.events.slice(from);
    expect(events.length).toBeGreaterThan(0);
    expect(words(touchesOfMail({ events }))).toBe(touches);
  });
});
