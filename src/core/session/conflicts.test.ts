/** The conflict machine: a row for each event, a cell for each state, and what keeps a conflict open. */
import { describe, expect, it } from "vitest";
import type { ConflictId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { acceptedOf, eventOf, files, gist, type Play, playWith, resultOf, signalbox } from "./session.test.fixture.ts";

type State = "none" | "OPEN" | "ACKED" | "ESCALATED" | "CLOSED" | "DISMISSED";

const REPORT: JsonObject = { conflict_id: "c", related_intents: ["i", "k"], description: "d" };
const stateOf = (played: Play): string => played.state.conflicts.get("c" as ConflictId)?.state ?? "none";

const HELD_SEC = 7_000;

/** ana, an owner, holds `i`, bo holds `k`, cy is the arbiter and holds nothing. Nobody has more than a minute to resolve. */
function twoHolders(): Play {
  const played = playWith([], { governance: { resolution_timeout_sec: 60 } });
  played.says("ana", "HELLO", { roles: ["owner"] });
  played.says("bo", "HELLO", { roles: ["contributor"] });
  played.says("cy", "HELLO", { roles: ["arbiter"] });
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts"), ttl_sec: HELD_SEC });
  played.says("bo", "INTENT_ANNOUNCE", { intent_id: "k", scope: files("b.ts"), ttl_sec: HELD_SEC });
  return played;
}

function endBoth(played: Play): void {
  played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });
  played.says("bo", "INTENT_WITHDRAW", { intent_id: "k" });
}

const GIVEN: Readonly<Record<State, (played: Play) => void>> = {
  none: () => undefined,
  OPEN: (played) => void played.says("ana", "CONFLICT_REPORT", REPORT),
  ACKED(played) {
    played.says("ana", "CONFLICT_REPORT", REPORT);
    played.says("ana", "CONFLICT_ACK", { conflict_id: "c", ack_type: "seen" });
  },
  ESCALATED(played) {
    played.says("ana", "CONFLICT_REPORT", REPORT);
    played.says("bo", "CONFLICT_ESCALATE", { conflict_id: "c", escalate_to: "cy" });
  },
  CLOSED(played) {
    played.says("ana", "CONFLICT_REPORT", REPORT);
    played.says("cy", "RESOLUTION", { conflict_id: "c", decision: "approved" });
  },
  DISMISSED(played) {
    played.says("ana", "CONFLICT_REPORT", REPORT);
    endBoth(played);
  },
};

type Cell = readonly [gives: string | readonly string[], becomes: State];

const ack = (principal: string, ackType?: string) => (played: Play) =>
  gist(played.says(principal, "CONFLICT_ACK", { conflict_id: "c", ...(ackType === undefined ? {} : { ack_type: ackType }) }));
const settles: Readonly<Record<State, Cell>> = {
  none: ["conflict/unknown", "none"],
  OPEN: [["ConflictAcknowledged"], "ACKED"],
  ACKED: [["ConflictAcknowledged"], "ACKED"],
  ESCALATED: [["ConflictAcknowledged"], "ESCALATED"],
  CLOSED: ["conflict/ended", "CLOSED"],
  DISMISSED: ["conflict/ended", "DISMISSED"],
};

const escalate = (principal: string, to: string) => (played: Play) =>
  gist(played.says(principal, "CONFLICT_ESCALATE", { conflict_id: "c", escalate_to: to }));
const escalates: Readonly<Record<State, Cell>> = {
  none: ["conflict/unknown", "none"],
  OPEN: [["ConflictEscalated"], "ESCALATED"],
  ACKED: [["ConflictEscalated"], "ESCALATED"],
  ESCALATED: ["standing", "ESCALATED"],
  CLOSED: ["conflict/ended", "CLOSED"],
  DISMISSED: ["conflict/ended", "DISMISSED"],
};

const resolve = (principal: string, decision: string) => (played: Play) =>
  gist(played.says(principal, "RESOLUTION", { conflict_id: "c", decision }));
const resolves: Readonly<Record<State, Cell>> = {
  none: ["conflict/unknown", "none"],
  OPEN: [["ConflictResolved"], "CLOSED"],
  ACKED: [["ConflictResolved"], "CLOSED"],
  ESCALATED: [["ConflictResolved"], "CLOSED"],
  CLOSED: ["conflict/resolved", "CLOSED"],
  DISMISSED: ["conflict/resolved", "DISMISSED"],
};

/** What happens in that time, by itself. */
const passing = (ms: number) => (played: Play) => {
  const before = played.records.length;
  played.pass(ms);
  return played.records.slice(before).flatMap(({ events }) => events.slice(0, -1).map(({ type }) => type));
};

const EVENTS: readonly {
  readonly name: string;
  readonly when: (played: Play) => Cell[0];
  readonly row: Readonly<Record<State, Cell>>;
}[] = [
  {
    name: "reported",
    when: (played) => gist(played.says("ana", "CONFLICT_REPORT", REPORT)),
    row: {
      none: [["ConflictOpened"], "OPEN"],
      OPEN: ["standing", "OPEN"],
      ACKED: ["standing", "ACKED"],
      ESCALATED: ["standing", "ESCALATED"],
      CLOSED: ["standing", "CLOSED"],
      DISMISSED: ["standing", "DISMISSED"],
    },
  },
  {
    name: "reported under the same id with other content",
    when: (played) => gist(played.says("ana", "CONFLICT_REPORT", { ...REPORT, severity: "high" })),
    row: {
      none: [["ConflictOpened"], "OPEN"],
      OPEN: ["id/taken", "OPEN"],
      ACKED: ["id/taken", "ACKED"],
      ESCALATED: ["id/taken", "ESCALATED"],
      CLOSED: ["id/taken", "CLOSED"],
      DISMISSED: ["id/taken", "DISMISSED"],
    },
  },
  {
    name: "reported under the same id with the same content by the other party",
    when: (played) => gist(played.says("bo", "CONFLICT_REPORT", REPORT)),
    row: {
      none: [["ConflictOpened"], "OPEN"],
      OPEN: ["id/taken", "OPEN"],
      ACKED: ["id/taken", "ACKED"],
      ESCALATED: ["id/taken", "ESCALATED"],
      CLOSED: ["id/taken", "CLOSED"],
      DISMISSED: ["id/taken", "DISMISSED"],
    },
  },
  { name: "seen by a party", when: ack("bo", "seen"), row: settles },
  { name: "acknowledged by a party without a word", when: ack("bo"), row: settles },
  { name: "accepted by a party", when: ack("bo", "accepted"), row: settles },
  { name: "disputed by a party", when: ack("bo", "disputed"), row: { ...settles, OPEN: [["ConflictAcknowledged"], "OPEN"] } },
  {
    name: "seen by a stranger",
    when: ack("cy", "seen"),
    row: {
      ...settles,
      OPEN: ["conflict/not-party", "OPEN"],
      ACKED: ["conflict/not-party", "ACKED"],
      ESCALATED: ["conflict/not-party", "ESCALATED"],
    },
  },
  {
    name: "left by one side",
    when: (played) => gist(played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" })),
    row: {
      none: [["IntentEnded"], "none"],
      OPEN: [["IntentEnded"], "OPEN"],
      ACKED: [["IntentEnded"], "ACKED"],
      ESCALATED: [["IntentEnded"], "ESCALATED"],
      CLOSED: [["IntentEnded"], "CLOSED"],
      DISMISSED: ["intent/ended", "DISMISSED"],
    },
  },
  {
    name: "left by its last side",
    when(played) {
      played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" });
      return gist(played.says("bo", "INTENT_WITHDRAW", { intent_id: "k" }));
    },
    row: {
      none: [["IntentEnded"], "none"],
      OPEN: [["IntentEnded", "ConflictDismissed"], "DISMISSED"],
      ACKED: [["IntentEnded", "ConflictDismissed"], "DISMISSED"],
      ESCALATED: [["IntentEnded", "ConflictDismissed"], "DISMISSED"],
      CLOSED: [["IntentEnded"], "CLOSED"],
      DISMISSED: ["intent/ended", "DISMISSED"],
    },
  },
  { name: "brought before the arbiter by a party", when: escalate("bo", "cy"), row: escalates },
  { name: "brought before the arbiter by himself", when: escalate("cy", "cy"), row: escalates },
  {
    name: "brought before an owner",
    when: escalate("bo", "ana"),
    row: { ...escalates, ESCALATED: ["conflict/escalated", "ESCALATED"] },
  },
  {
    name: "brought before somebody without authority",
    when: escalate("ana", "bo"),
    row: {
      ...escalates,
      OPEN: ["principal/no-authority", "OPEN"],
      ACKED: ["principal/no-authority", "ACKED"],
      ESCALATED: ["conflict/escalated", "ESCALATED"],
    },
  },
  {
    name: "brought before nobody known",
    when: escalate("ana", "eve"),
    row: {
      ...escalates,
      OPEN: ["principal/unknown", "OPEN"],
      ACKED: ["principal/unknown", "ACKED"],
      ESCALATED: ["conflict/escalated", "ESCALATED"],
    },
  },
  { name: "resolved by the arbiter", when: resolve("cy", "approved"), row: resolves },
  { name: "resolved in a word that MPAC does not list", when: resolve("cy", "later"), row: resolves },
  {
    name: "dismissed by the arbiter",
    when: resolve("cy", "dismissed"),
    row: {
      ...resolves,
      OPEN: [["ConflictResolved"], "DISMISSED"],
      ACKED: [["ConflictResolved"], "DISMISSED"],
      ESCALATED: [["ConflictResolved"], "DISMISSED"],
    },
  },
  {
    name: "resolved by an owner, whose word counts until it is escalated to another",
    when: resolve("ana", "merged"),
    row: { ...resolves, ESCALATED: ["principal/no-authority", "ESCALATED"] },
  },
  {
    name: "resolved by somebody without authority",
    when: resolve("bo", "approved"),
    row: {
      ...resolves,
      OPEN: ["principal/no-authority", "OPEN"],
      ACKED: ["principal/no-authority", "ACKED"],
      ESCALATED: ["principal/no-authority", "ESCALATED"],
      CLOSED: ["principal/no-authority", "CLOSED"],
      DISMISSED: ["principal/no-authority", "DISMISSED"],
    },
  },
  {
    name: "of a session that is closed",
    when: (played) => gist(played.says("cy", "SESSION_CLOSE")),
    row: {
      none: [["IntentEnded", "IntentEnded", "SessionClosed"], "none"],
      OPEN: [["IntentEnded", "IntentEnded", "ConflictDismissed", "SessionClosed"], "DISMISSED"],
      ACKED: [["IntentEnded", "IntentEnded", "ConflictDismissed", "SessionClosed"], "DISMISSED"],
      ESCALATED: [["IntentEnded", "IntentEnded", "ConflictDismissed", "SessionClosed"], "DISMISSED"],
      CLOSED: [["IntentEnded", "IntentEnded", "SessionClosed"], "CLOSED"],
      DISMISSED: [["SessionClosed"], "DISMISSED"],
    },
  },
  {
    name: "left alone for the time to resolve it",
    when: passing(60_000),
    row: {
      none: [[], "none"],
      OPEN: [["ConflictEscalated"], "ESCALATED"],
      ACKED: [["ConflictEscalated"], "ESCALATED"],
      ESCALATED: [["ScopeFrozen"], "ESCALATED"],
      CLOSED: [[], "CLOSED"],
      DISMISSED: [[], "DISMISSED"],
    },
  },
  {
    name: "left alone until its freeze runs out",
    when: passing(420_000),
    row: {
      none: [[], "none"],
      OPEN: [["ConflictEscalated", "ScopeFrozen", "ScopeFrozen", "ConflictResolved"], "CLOSED"],
      ACKED: [["ConflictEscalated", "ScopeFrozen", "ScopeFrozen", "ConflictResolved"], "CLOSED"],
      ESCALATED: [["ScopeFrozen", "ScopeFrozen", "ConflictResolved"], "CLOSED"],
      CLOSED: [[], "CLOSED"],
      DISMISSED: [[], "DISMISSED"],
    },
  },
];

const STATES = Object.keys(GIVEN) as State[];

describe.each(EVENTS)("a conflict $name", ({ when, row }) => {
  it.each(STATES.map((state) => ({ state, gives: row[state][0], becomes: row[state][1] })))(
    "that is $state gives $gives and is $becomes",
    ({ state, gives, becomes }) => {
      const played = twoHolders();
      GIVEN[state](played);

      const given = when(played);

      expect(given).toEqual(gives);
      expect(stateOf(played)).toBe(becomes);
    },
  );
});

it("records an acknowledgement that repeats the last one once", () => {
  const played = twoHolders();
  played.says("ana", "CONFLICT_REPORT", REPORT);
  ack("bo", "accepted")(played);

  const again = played.says("bo", "CONFLICT_ACK", { conflict_id: "c", ack_type: "accepted" });

  expect(gist(again)).toBe("standing");
});

describe("a report", () => {
  it("takes the intents from the members that clients of the original send, too", () => {
    const played = twoHolders();

    const decision = played.says("cy", "CONFLICT_REPORT", { conflict_id: "c", intent_a: "i", intent_b: "k", category: "other" });

    expect(eventOf(decision, "ConflictOpened")).toMatchObject({
      intents: ["i", "k"],
      principals: ["ana", "bo", "cy"],
      reporter: "cy",
      category: "other",
      severity: "medium",
    });
    expect(resultOf(decision)).toEqual({ conflicts: ["c"] });
  });

  it.each([{ related_intents: ["nobody's"] }, { related_ops: ["nobody's"] }])("about nothing that stands is refused", (about) => {
    const decision = twoHolders().says("cy", "CONFLICT_REPORT", { conflict_id: "c", ...about });

    expect(gist(decision)).toBe("intent/unknown");
  });

  it.each([{}, { related_intents: [], related_ops: [] }, { related_intents: null, intent_a: null }])("about %j is malformed", (about) => {
    const decision = twoHolders().says("cy", "CONFLICT_REPORT", { conflict_id: "c", ...about });

    expect(gist(decision)).toBe("message/malformed");
  });
});

describe("a dismissal", () => {
  const DISMISSED_BY_ITSELF = { type: "ConflictDismissed", conflictId: "c", rationale: "all_related_entities_terminated" };

  it.each([
    [
      "time",
      (played: Play) => {
        played.says("ana", "INTENT_UPDATE", { intent_id: "i", ttl_sec: 9 });
        played.says("bo", "INTENT_UPDATE", { intent_id: "k", ttl_sec: 9 });
        played.pass(9_000);
      },
    ],
    ["their owners leaving", (played: Play) => ["ana", "bo"].forEach((principal) => played.says(principal, "GOODBYE"))],
    [
      "other intents of their owners",
      (played: Play) => {
        played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i2", scope: files("a.ts") });
        played.says("bo", "INTENT_ANNOUNCE", { intent_id: "k2", scope: files("b.ts") });
      },
    ],
  ])("comes when the last intent is ended by %s", (_, end) => {
    const played = twoHolders();
    played.says("ana", "CONFLICT_REPORT", REPORT);

    end(played);

    expect(played.records.flatMap(({ events }) => events)).toContainEqual(DISMISSED_BY_ITSELF);
  });

  it("waits for a suspended intent, which may come back", () => {
    const played = twoHolders();
    played.says("ana", "CONFLICT_REPORT", REPORT);
    played.says("ana", "GOODBYE", { intent_disposition: "transfer" });
    played.says("bo", "GOODBYE");

    expect(stateOf(played)).toBe("OPEN");
  });

  it("is blocked by a related operation that stands, and released when that is superseded", () => {
    const played = twoHolders();
    played.says("ana", "OP_COMMIT", { op_id: "o", target: "a.ts", intent_id: "i", state_ref_after: "r1" });
    played.says("ana", "CONFLICT_REPORT", { ...REPORT, related_ops: ["o"] });
    endBoth(played);
    expect(stateOf(played)).toBe("OPEN");

    const decision = played.says("ana", "OP_SUPERSEDE", { op_id: "o2", supersedes_op_id: "o", target: "a.ts" });

    expect(acceptedOf(decision)).toContainEqual(DISMISSED_BY_ITSELF);
    expect(stateOf(played)).toBe("DISMISSED");
  });

  it.each([
    ["committed", (played: Play) => played.says("ana", "OP_COMMIT", { op_id: "o", target: "a.ts" }), "OPEN"],
    ["rejected", (played: Play) => played.says("ana", "OP_REJECT", { op_id: "o" }), "DISMISSED"],
    ["abandoned by who leaves", (played: Play) => played.says("cy", "GOODBYE"), "DISMISSED"],
    ["abandoned by who hands over", (played: Play) => played.says("cy", "GOODBYE", { intent_disposition: "transfer" }), "DISMISSED"],
    [
      "abandoned by who lapses",
      (played: Play) => played.gives({ type: "ParticipantLapsed", principal: "cy", lastHeardAtMs: 0 }),
      "DISMISSED",
    ],
  ])("waits for a related operation that is proposed until it is %s", (_, settle, becomes) => {
    const played = twoHolders();
    played.says("cy", "OP_PROPOSE", { op_id: "o", target: "a.ts" });
    played.says("ana", "CONFLICT_REPORT", { ...REPORT, related_ops: ["o"] });
    endBoth(played);
    expect(stateOf(played)).toBe("OPEN");

    settle(played);

    expect(stateOf(played)).toBe(becomes);
  });

  it("comes before any phase of a freeze", () => {
    const played = twoHolders();
    played.says("ana", "CONFLICT_REPORT", REPORT);
    played.pass(130_000);
    expect(played.state.frozen.size).toBe(1);

    endBoth(played);

    expect([stateOf(played), played.state.frozen.size]).toEqual(["DISMISSED", 0]);
  });

  it("does not come while an intent lives, whatever becomes of the operation", () => {
    const played = twoHolders();
    played.says("ana", "OP_COMMIT", { op_id: "o", target: "a.ts", intent_id: "i", state_ref_after: "r1" });
    played.says("ana", "CONFLICT_REPORT", { ...REPORT, related_ops: ["o"] });

    const decision = played.says("ana", "OP_SUPERSEDE", { op_id: "o2", supersedes_op_id: "o", target: "a.ts" });

    expect(gist(decision)).toEqual(["OperationSuperseded"]);
  });

  it("also ends what the coordinator found, once", () => {
    const played = twoHolders();
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "over", scope: files("a.ts"), ...signalbox({ on_overlap: "proceed" }) });
    played.says("bo", "GOODBYE");

    const decision = played.says("ana", "GOODBYE");

    expect(gist(decision)).toEqual(["IntentEnded", "ConflictDismissed", "ParticipantLeft"]);
    expect(played.state.liveConflicts.size).toBe(0);
  });
});
