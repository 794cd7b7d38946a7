import { describe, expect, it } from "vitest";
import { type BoardPlay, bridge, DAY, gist, LANE, LEASE, MINUTE, playBoard, resultOf, SECOND, sentence } from "./board.test.fixture.ts";
import { MAX_HELD, ORPHANED_MS } from "./state.ts";

const STATES = {
  free: () => undefined,
  hers: (play: BoardPlay) => play.claim("ana"),
  "another's": (play: BoardPlay) => play.claim("bo"),
  "hers, expired": (play: BoardPlay) => {
    play.claim("ana");
    play.pass(LEASE);
  },
  "another's, expired": (play: BoardPlay) => {
    play.claim("bo");
    play.pass(LEASE);
  },
  "hers, expired unseen": (play: BoardPlay) => {
    play.claim("ana");
    play.skip(LEASE);
  },
  released: (play: BoardPlay) => {
    play.claim("ana");
    play.release("ana");
  },
  stolen: (play: BoardPlay) => {
    play.claim("ana");
    play.pass(LEASE);
    play.claim("bo");
  },
  "her name's, proven": (play: BoardPlay) => play.claim("ana", { proof: bridge("ana") }),
  "another's, she waits": (play: BoardPlay) => {
    play.claim("bo");
    play.claim("ana", { wait: {} });
  },
} as const;

const COMMANDS = {
  claim: (play: BoardPlay) => play.claim("ana"),
  "claim, waiting": (play: BoardPlay) => play.claim("ana", { wait: {} }),
  heartbeat: (play: BoardPlay) => play.renew("ana"),
  release: (play: BoardPlay) => play.release("ana"),
} as const;

const CELLS: Record<keyof typeof STATES, Record<keyof typeof COMMANDS, string | readonly string[]>> = {
  free: { claim: ["LaneClaimed"], "claim, waiting": ["LaneClaimed"], heartbeat: "lane/not-held", release: "standing" },
  hers: { claim: ["LaneRenewed"], "claim, waiting": ["LaneRenewed"], heartbeat: ["LaneRenewed"], release: ["LaneReleased"] },
  "another's": { claim: "lane/held", "claim, waiting": ["ClaimWaiting"], heartbeat: "lane/not-held", release: "lane/held" },
  "hers, expired": { claim: ["LaneClaimed"], "claim, waiting": ["LaneClaimed"], heartbeat: "lane/not-held", release: ["LaneReleased"] },
  "another's, expired": { claim: ["LaneClaimed"], "claim, waiting": ["LaneClaimed"], heartbeat: "lane/not-held", release: "standing" },
  "hers, expired unseen": {
    claim: ["LaneClaimed"],
    "claim, waiting": ["LaneClaimed"],
    heartbeat: "lane/not-held",
    release: ["LaneReleased"],
  },
  released: { claim: ["LaneClaimed"], "claim, waiting": ["LaneClaimed"], heartbeat: "lane/not-held", release: "standing" },
  stolen: { claim: "lane/held", "claim, waiting": ["ClaimWaiting"], heartbeat: "lane/not-held", release: "lane/held" },
  "her name's, proven": { claim: "lane/held", "claim, waiting": ["ClaimWaiting"], heartbeat: "lane/not-held", release: "lane/held" },
  "another's, she waits": { claim: "lane/held", "claim, waiting": ["ClaimWaiting"], heartbeat: "lane/not-held", release: ["PlaceGivenUp"] },
};

const cells = Object.entries(CELLS).flatMap(([state, row]) => Object.entries(row).map(([command, gives]) => ({ state, command, gives })));

describe("a lane", () => {
  it.each(cells)("that is $state answers her $command with $gives", ({ state, command, gives }) => {
    const play = playBoard();
    STATES[state as keyof typeof STATES](play);

    expect(gist(COMMANDS[command as keyof typeof COMMANDS](play))).toEqual(gives);
  });

  it("is held from its claim on and no more when its lease ends, to the millisecond", () => {
    const play = playBoard();
    play.claim("ana");

    play.pass(LEASE - 1);
    const before = gist(play.claim("bo"));
    play.pass(1);

    expect([before, gist(play.claim("bo"))]).toEqual(["lane/held", ["LaneClaimed"]]);
  });

  it("is held for its lease from the last heartbeat on, not for the sum of both", () => {
    const play = playBoard();
    play.claim("ana", { leaseMs: LEASE });
    play.pass(MINUTE);
    play.renew("ana", MINUTE);

    play.pass(MINUTE);

    expect(gist(play.claim("bo"))).toEqual(["LaneClaimed"]);
  });

  it("goes its own way beside others", () => {
    const play = playBoard();
    play.claim("ana");

    expect(gist(play.claim("bo", { lane: "other" }))).toEqual(["LaneClaimed"]);
  });

  it("whose machine slept is not held longer for it", () => {
    const play = playBoard();
    play.claim("ana");
    play.skip(LEASE);

    expect(gist(play.gives({ type: "Resumed", fromMs: play.nowMs - LEASE }))).toBe("standing");
    expect(gist(play.claim("bo"))).toEqual(["LaneClaimed"]);
  });

  it("tells whom it was taken from, unless it was one's own or given back", () => {
    const play = playBoard();
    const stolenFrom = (owner: string) => {
      const decision = play.claim(owner);
      return "accepted" in decision && decision.accepted[0]?.type === "LaneClaimed" ? decision.accepted[0].stolenFrom : "?";
    };

    const told = [stolenFrom("ana")];
    play.pass(LEASE);
    told.push(stolenFrom("ana"));
    play.pass(LEASE);
    told.push(stolenFrom("bo"));
    play.release("bo");
    told.push(stolenFrom("ana"));

    expect(told).toEqual([undefined, undefined, "ana", undefined]);
  });
});

describe("a refusal", () => {
  it.each([
    {
      state: "another's",
      command: "claim",
      says: /^lane "deploy" is held by bo for another 300 s; wait until then, or claim it with wait_s$/,
    },
    { state: "another's", command: "release", says: /is held by bo for another 300 s; only its holder gives it back$/ },
    { state: "another's", command: "heartbeat", says: /^ana does not hold lane "deploy": bo does, for another 300 s$/ },
    { state: "free", command: "heartbeat", says: /nobody does; claim it first/ },
    { state: "hers, expired", command: "heartbeat", says: /the lease ended 0 s ago; claim it again/ },
    { state: "another's, expired", command: "heartbeat", says: /bo did, whose lease ended 0 s ago; claim it$/ },
    { state: "her name's, proven", command: "claim", says: /is held by another ana, who has proven that name, for another 300 s/ },
  ] as const)("says of a lane that is $state, to $command, what is in the way", ({ state, command, says }) => {
    const play = playBoard();
    STATES[state](play);

    expect(sentence(COMMANDS[command](play))).toMatch(says);
  });
});

describe("a name that is proven", () => {
  it("and the same that is asserted hold their lanes against each other", () => {
    const play = playBoard();
    play.claim("ana");

    expect(gist(play.claim("ana", { proof: bridge("ana") }))).toBe("lane/held");
    expect(sentence(play.claim("ana", { proof: bridge("ana") }))).toMatch(/another ana, whose name is only asserted,/);
  });

  it("is its bearer's whichever way it is proven", () => {
    const play = playBoard();
    play.claim("ana", { proof: bridge("ana") });

    expect(gist(play.claim("ana", { proof: { principal: "ana", by: "token" } }))).toEqual(["LaneRenewed"]);
  });
});

describe("a fencing token", () => {
  const fenceOf = (decision: ReturnType<BoardPlay["claim"]>) => (resultOf(decision)["lane"] as { fence: number }).fence;

  it("rises with each holder, also with the same one after its lease, and stays with a renewal", () => {
    const play = playBoard();
    const first = fenceOf(play.claim("ana"));
    const renewed = [fenceOf(play.claim("ana")), fenceOf(play.renew("ana"))];
    play.pass(LEASE);
    const again = fenceOf(play.claim("ana"));
    play.release("ana");
    const next = fenceOf(play.claim("bo", { lane: "other" }));

    expect(renewed).toEqual([first, first]);
    expect([again, next]).toEqual([first + 1, first + 2]);
  });

  it("is above all before it when the log was put back to what it was before them", () => {
    const play = playBoard();
    play.claim("ana");
    const backup = [...play.records];
    const second = playBoard(play.records, play.nowMs + SECOND);
    second.release("ana");
    const given = fenceOf(second.claim("bo"));
    const restored = playBoard(backup, second.nowMs + SECOND);

    restored.release("ana");

    expect(fenceOf(restored.claim("cy"))).toBeGreaterThan(given);
  });

  it("rises over a log that a clock of another year has written, and remains a safe integer", () => {
    const [future, past] = [Date.UTC(2200, 0), Date.UTC(1990, 0)];
    const play = playBoard([], future);
    const given = fenceOf(play.claim("ana"));
    const back = playBoard(play.records, future + SECOND);
    back.release("ana");
    const first = playBoard([], past);

    const later = fenceOf(back.claim("bo"));

    expect(later).toBeGreaterThan(given);
    expect([given, later, fenceOf(first.claim("ana"))].map(Number.isSafeInteger)).toEqual([true, true, true]);
  });
});

describe("a claim that nobody gave back", () => {
  it("is shown until somebody takes the lane", () => {
    const play = playBoard();
    play.claim("ana");
    play.pass(LEASE + DAY);
    const orphans = [...play.state.orphans];
    play.claim("bo");

    expect(orphans).toEqual([LANE]);
    expect([...play.state.orphans]).toEqual([]);
  });

  it("is forgotten after a week", () => {
    const play = playBoard();
    play.claim("ana");

    play.pass(LEASE + ORPHANED_MS - 1);
    const before = play.state.lanes.size;
    play.pass(1);

    expect([before, play.state.lanes.size, play.state.orphans.size]).toEqual([1, 0, 0]);
    expect(play.state.deadlines.size).toBe(0);
  });
});

describe("a board", () => {
  it("holds so many lanes and no more; expired ones are not counted, and of very many the oldest goes", () => {
    const play = playBoard();
    for (let index = 0; index < MAX_HELD; index += 1) play.claim("ana", { lane: `l${index}` });

    expect(gist(play.claim("ana"))).toBe("lane/too-many");
    expect(gist(play.claim("ana", { lane: "l0" }))).toEqual(["LaneRenewed"]);
    play.pass(LEASE);
    expect(gist(play.claim("ana"))).toEqual(["LaneClaimed"]);
    expect(play.state.orphans.size).toBe(1_000);
  });
});
