import { describe, expect, it } from "vitest";
import { gist, playBoard, resultOf, SECOND, sentence, type BoardPlay } from "./board.test.fixture.ts";
import { MAX_KEPT_UNITS, MAX_MESSAGES, MAX_PENDING, MAX_REQUESTS } from "./state.ts";

const idOf = (decision: ReturnType<BoardPlay["post"]>) => (resultOf(decision)["message"] as { id: string }).id;
const flagged = (play: BoardPlay, body = "please look") => idOf(play.post("ana", body, { actionFlag: true }));

describe("a message", () => {
  it("is kept as it was written, under an id that tells where it stands", () => {
    const play = playBoard();

    const id = idOf(play.post("ana", "the tests are red", { topic: "ci" }));

    expect(id).toMatch(new RegExp(`^msg-${play.records.length}-`));
    expect([...play.state.messages.byId.values()]).toMatchObject([{ id, topic: "ci", sender: "ana", body: "the tests are red" }]);
  });

  it("is at hand while it is among the newest, by number", () => {
    const play = playBoard();
    for (let index = 0; index < MAX_MESSAGES + 5; index += 1) play.post("ana", `${index}`);

    const bodies = [...play.state.messages.byId.values()].map(({ body }) => body);

    expect([bodies.length, bodies[0], play.state.posted]).toEqual([MAX_MESSAGES, "5", MAX_MESSAGES + 5]);
  });

  it("is at hand while it is among the newest, by size", () => {
    const play = playBoard();
    const long = "x".repeat(MAX_KEPT_UNITS / 4);
    for (let index = 0; index < 9; index += 1) play.post("ana", long);

    expect(play.state.messages.byId.size).toBe(3);
    expect(play.state.messages.units).toBeLessThanOrEqual(MAX_KEPT_UNITS);
  });
});

describe("a flag", () => {
  it("waits until a person has acknowledged it, and the first word stands", () => {
    const play = playBoard();
    const id = flagged(play);
    const pending = [...play.state.pending.byId.keys()];
    const first = play.acknowledge(id, "cy");
    play.pass(SECOND);
    const second = play.acknowledge(id, "dan");

    expect(pending).toEqual([id]);
    expect(play.state.pending.byId.size).toBe(0);
    expect([gist(first), gist(second)]).toEqual([["MessageAcknowledged"], "standing"]);
    expect(resultOf(second)).toEqual(resultOf(first));
    expect(play.state.acknowledged.get(id)?.by).toBe("cy");
  });

  it.each([
    { name: "no flag", id: (play: BoardPlay) => idOf(play.post("ana", "hello")), gives: "board/not-flagged", says: /asks for nothing/ },
    { name: "no message", id: () => "msg-7-x-1", gives: "board/no-message", says: /no message msg-7-x-1 waits/ },
  ])("is not acknowledged where there is $name", ({ id, gives, says }) => {
    const play = playBoard();

    const decision = play.acknowledge(id(play));

    expect(gist(decision)).toBe(gives);
    expect(sentence(decision)).toMatch(says);
  });

  it("waits also when its message is not at hand any more", () => {
    const play = playBoard();
    const id = flagged(play);
    for (let index = 0; index < MAX_MESSAGES; index += 1) play.post("bo", `${index}`);

    expect(gist(play.acknowledge(id))).toEqual(["MessageAcknowledged"]);
  });

  it("is counted when very many newer ones have pushed it out", () => {
    const play = playBoard();
    const ids = Array.from({ length: MAX_PENDING + 2 }, () => flagged(play));

    expect([play.state.pending.byId.size, play.state.overlooked]).toEqual([MAX_PENDING, 2]);
    expect(play.state.pending.byId.has(ids[0] ?? "")).toBe(false);
  });
});

describe("a request with an id", () => {
  it("is carried out once and answered the same again", () => {
    const play = playBoard();
    const first = play.post("ana", "once", { requestId: "r1" });
    const again = play.post("ana", "once", { requestId: "r1" });

    expect([gist(again), play.state.posted]).toEqual(["standing", 1]);
    expect(resultOf(again)).toEqual(resultOf(first));
  });

  it("is refused with other content, and is another one of somebody else's", () => {
    const play = playBoard();
    play.post("ana", "once", { requestId: "r1" });

    expect(gist(play.post("ana", "twice", { requestId: "r1" }))).toBe("request/other-content");
    expect(gist(play.post("bo", "twice", { requestId: "r1" }))).toEqual(["MessagePosted"]);
  });

  it("of a claim that waits asks for its place again, and then has the lane", () => {
    const play = playBoard();
    play.claim("ana");
    const places = [play.claim("bo", { wait: {}, requestId: "r1" }), play.claim("bo", { wait: {}, requestId: "r1" })];
    play.release("ana");
    const came = play.claim("bo", { wait: {}, requestId: "r1" });
    const again = play.claim("bo", { wait: {}, requestId: "r1" });

    expect(places.map(gist)).toEqual([["ClaimWaiting"], ["ClaimWaiting"]]);
    expect([gist(came), gist(again)]).toEqual([["LaneRenewed"], "standing"]);
    expect(resultOf(again)).toEqual(resultOf(came));
  });

  it("is remembered among the last, and a refusal is not", () => {
    const play = playBoard();
    play.claim("bo");
    const refused = play.claim("ana", { requestId: "r1" });
    play.release("bo");
    const again = play.claim("ana", { requestId: "r1" });
    for (let index = 0; index < MAX_REQUESTS; index += 1) play.post("ana", "x", { requestId: `p${index}` });

    expect([gist(refused), gist(again)]).toEqual(["lane/held", ["LaneClaimed"]]);
    expect(play.state.requests.size).toBe(MAX_REQUESTS);
    expect(gist(play.claim("ana", { requestId: "r1" }))).toEqual(["LaneRenewed"]);
  });
});
