import { describe, expect, it } from "vitest";
import { PLACE_MS } from "../../wire/board.ts";
import { type BoardPlay, gist, LANE, LEASE, MINUTE, playBoard, resultOf, SECOND, sentence, waitingOf } from "./board.test.fixture.ts";
import { heldLane, MAX_ROW } from "./state.ts";

const holder = (play: BoardPlay) => heldLane(play.state, LANE)?.owner;
const wait = (play: BoardPlay, owner: string, priority?: string) => waitingOf(play.claim(owner, { wait: { priority } }));

describe("a claim that waits", () => {
  it("has a place, and the lane in the moment that it is given back", () => {
    const play = playBoard();
    play.claim("ana");
    const { ticket, ahead, holder: told } = wait(play, "bo");

    const released = play.release("ana");

    expect([ahead, told]).toEqual([0, "ana"]);
    expect(gist(released)).toEqual(["LaneReleased", "LaneClaimed"]);
    expect("accepted" in released && released.accepted[1]).toMatchObject({ owner: "bo", ticket });
    expect([play.state.places.size, play.state.rows.size]).toEqual([0, 0]);
  });

  it("has the lane in the moment that its lease ends", () => {
    const play = playBoard();
    play.claim("ana", { leaseMs: MINUTE });
    wait(play, "bo");

    play.pass(MINUTE);

    expect(holder(play)).toBe("bo");
    expect(play.state.orphans.size).toBe(0);
  });

  it("is not overtaken by one that comes when the lane is free", () => {
    const play = playBoard();
    play.claim("ana", { leaseMs: MINUTE });
    wait(play, "bo");
    play.skip(MINUTE);

    expect(gist(play.claim("cy"))).toBe("lane/held");
    expect(holder(play)).toBe("bo");
  });

  it.each([
    {
      name: "who came first",
      row: [
        ["bo", 0, "normal"],
        ["cy", 1, "normal"],
      ],
      first: "bo",
    },
    {
      name: "the higher priority",
      row: [
        ["bo", 0, "normal"],
        ["cy", 1, "high"],
      ],
      first: "cy",
    },
    {
      name: "who has waited a minute longer for each rank",
      row: [
        ["bo", 0, "low"],
        ["cy", 61, "normal"],
      ],
      first: "bo",
    },
    {
      name: "the rank where the wait is shorter",
      row: [
        ["bo", 0, "low"],
        ["cy", 59, "normal"],
      ],
      first: "cy",
    },
    {
      name: "who came first at the same moment",
      row: [
        ["bo", 0, "high"],
        ["cy", 0, "high"],
      ],
      first: "bo",
    },
  ] as const)("goes by its turn: $name first", ({ row, first }) => {
    const play = playBoard();
    play.claim("ana");
    for (const [owner, afterSec, priority] of row) {
      play.pass(afterSec * SECOND);
      wait(play, owner, priority);
    }

    play.release("ana");

    expect(holder(play)).toBe(first);
  });

  it("is told how many come first", () => {
    const play = playBoard();
    play.claim("ana");
    wait(play, "bo");

    expect([wait(play, "cy").ahead, wait(play, "dan", "critical").ahead, wait(play, "cy").ahead]).toEqual([1, 0, 2]);
  });

  it("keeps its place and since when it waits when it asks again, with the ticket or without", () => {
    const play = playBoard();
    play.claim("ana");
    const first = wait(play, "bo");
    play.pass(100 * SECOND);
    const again = waitingOf(play.claim("bo", { wait: { ticket: first.ticket } }));
    wait(play, "cy");
    play.pass(100 * SECOND);
    const without = wait(play, "bo");

    play.release("ana");

    expect([again.ticket, without.ticket]).toEqual([first.ticket, first.ticket]);
    expect(holder(play)).toBe("bo");
  });

  it("loses its place when it has not asked for it for as long as that is kept", () => {
    const play = playBoard();
    play.claim("ana");
    const { ticket } = wait(play, "bo");
    play.pass(PLACE_MS - 1);
    const before = play.state.places.size;
    play.pass(1);

    const late = play.claim("bo", { wait: { ticket } });

    expect([before, play.state.places.size]).toEqual([1, 0]);
    expect(gist(late)).toBe("lane/no-place");
    expect(sentence(late)).toMatch(/no place of bo for lane "deploy" is kept under this ticket \(120 s .*; claim without a ticket/);
  });

  it.each([
    { name: "somebody else's", owner: "cy", lane: LANE },
    { name: "one for another lane", owner: "bo", lane: "other" },
  ])("has no use of a ticket that is $name", ({ owner, lane }) => {
    const play = playBoard();
    play.claim("ana");
    play.claim("ana", { lane: "other" });
    const { ticket } = wait(play, "bo");

    expect(gist(play.claim(owner, { lane, wait: { ticket } }))).toBe("lane/no-place");
  });

  it("takes a lane that is free whatever ticket it brings", () => {
    const play = playBoard();

    expect(gist(play.claim("ana", { wait: { ticket: "ticket-of-yesterday" } }))).toEqual(["LaneClaimed"]);
  });

  it("has what its turn gave no longer than a place is kept, and its whole lease once it comes for it", () => {
    const play = playBoard();
    play.claim("ana");
    const { ticket } = wait(play, "bo");
    const given = play.release("ana");
    const [, claimed] = "accepted" in given ? given.accepted : [];

    const come = play.claim("bo", { wait: { ticket } });

    expect(claimed).toMatchObject({ leaseMs: PLACE_MS });
    expect(gist(come)).toEqual(["LaneRenewed"]);
    expect(resultOf(come)).toMatchObject({ lane: { leaseMs: LEASE } });
  });

  it("passes the lane on when it does not come for it", () => {
    const play = playBoard();
    play.claim("ana");
    wait(play, "bo");
    play.release("ana");
    play.pass(PLACE_MS - SECOND);
    wait(play, "cy");

    play.pass(SECOND);

    expect(holder(play)).toBe("cy");
  });

  it("gives its place up by a release", () => {
    const play = playBoard();
    play.claim("ana");
    wait(play, "bo");
    play.release("bo");

    play.release("ana");

    expect(play.state.lanes.size).toBe(0);
  });

  it("may be given up without the lane that has come of it meanwhile", () => {
    const play = playBoard();
    play.claim("ana");
    wait(play, "bo");
    wait(play, "cy");

    play.release("cy", true);
    play.release("ana");
    play.release("bo", true);

    expect([holder(play), play.state.places.size]).toEqual(["bo", 0]);
  });

  it("finds a row that is full, unless it stands in it", () => {
    const play = playBoard();
    play.claim("ana");
    for (let index = 0; index < MAX_ROW; index += 1) wait(play, `bo${index}`);

    expect(gist(play.claim("cy", { wait: {} }))).toBe("lane/too-many");
    expect(gist(play.claim("bo7", { wait: {} }))).toEqual(["ClaimWaiting"]);
  });
});
