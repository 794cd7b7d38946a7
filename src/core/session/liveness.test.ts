/** That no freeze keeps anybody from work for longer than its phases: not a lone survivor, and not by a row of newcomers. */
import { describe, expect, it } from "vitest";
import type { ConflictId, OpId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { SessionEventOf } from "../../wire/session.ts";
import { session } from "./session.ts";
import { acceptedOf, eventOf, files, gist, type Play, play, signalbox } from "./session.test.fixture.ts";

const SECOND = 1_000;

/** A second to resolve, and a second for each phase. */
const GOVERNANCE = { resolution_timeout_sec: 1, frozen_scope_phase_1_sec: 1, frozen_scope_phase_2_sec: 1 };

function joined(settings: JsonObject = { governance: GOVERNANCE }): Play {
  const played = play(settings);
  for (const principal of ["ana", "bo", "cy"]) played.says(principal, "HELLO");
  played.says("dee", "HELLO", { roles: ["owner"] });
  return played;
}

function announces(played: Play, who: string, id: string, paths: readonly string[], more: JsonObject = {}) {
  const scope = files(...paths);
  return played.says(who, "INTENT_ANNOUNCE", { intent_id: id, scope, ttl_sec: 7_000, ...more, ...signalbox({ on_overlap: "proceed" }) });
}

/** ana holds `i`, bo holds `k`, and both mean `f`. */
function quarrel(settings?: JsonObject, priority = "normal"): Play {
  const played = joined(settings);
  announces(played, "ana", "i", ["f"], { priority });
  announces(played, "bo", "k", ["f"]);
  return played;
}

const idIn = (played: Play) => [...played.state.conflicts.keys()][0] as ConflictId;
let proposals = 0;
const proposes = (played: Play) => gist(played.says("ana", "OP_PROPOSE", { op_id: `p${(proposals += 1)}`, target: "f", intent_id: "i" }));
const isDone = (played: Play): boolean => proposes(played) !== "scope/frozen";
const tickTypes = (played: Play) =>
  played.records.filter(({ command }) => "type" in command && command.type === "Tick").map(({ events }) => events[0]?.type);
const withdraws = (played: Play, who: string, id: string) => played.says(who, "INTENT_WITHDRAW", { intent_id: id });
const accepts = (played: Play, ...people: readonly string[]) => {
  for (const who of people) played.says(who, "CONFLICT_ACK", { conflict_id: idIn(played), ack_type: "accepted" });
};

describe("a conflict that one side is left of", () => {
  it.each<readonly [string, (played: Play) => void]>([
    ["withdrew", (played) => void withdraws(played, "bo", "k")],
    ["left", (played) => void played.says("bo", "GOODBYE", { intent_disposition: "withdraw" })],
    ["accepted it, as this one did", (played) => accepts(played, "ana", "bo")],
  ])("freezes nothing when the other %s in time, and stays open", (_, ends) => {
    const played = quarrel();
    ends(played);

    played.pass(600 * SECOND);

    expect([isDone(played), tickTypes(played), played.state.conflicts.get(idIn(played))?.state !== "DISMISSED"]).toEqual([true, [], true]);
  });

  it.each<readonly [string, (played: Play) => void]>([
    ["withdraws", (played) => void withdraws(played, "bo", "k")],
    ["accepts it, as this one did", (played) => accepts(played, "ana", "bo")],
  ])("is frozen no longer when the other %s", (_, ends) => {
    const played = quarrel();
    played.pass(1 * SECOND);
    expect(proposes(played)).toBe("scope/frozen");

    ends(played);

    expect([isDone(played), played.state.frozen.size, played.state.conflicts.get(idIn(played))?.frozen]).toEqual([true, 0, undefined]);
    played.pass(600 * SECOND);
    expect(tickTypes(played)).toEqual(["ScopeFrozen"]);
  });

  it("has the whole time again when somebody accepts it no longer", () => {
    const played = quarrel();
    accepts(played, "ana", "bo");
    played.pass(10 * SECOND);

    played.says("bo", "CONFLICT_ACK", { conflict_id: idIn(played), ack_type: "disputed" });

    expect(session.nextDeadline(played.state)).toBe(played.nowMs + 1 * SECOND);
  });

  it("is frozen no longer when the operation of the other is rejected", () => {
    const played = joined();
    announces(played, "ana", "i", ["f"]);
    played.says("bo", "OP_PROPOSE", { op_id: "o", target: "z" });
    played.says("cy", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i"], related_ops: ["o"] });
    played.pass(1 * SECOND);
    expect(proposes(played)).toBe("scope/frozen");

    played.says("dee", "OP_REJECT", { op_id: "o", reason: "no" });

    expect(isDone(played)).toBe(true);
  });

  it.each<readonly [string, JsonObject, (played: Play) => unknown]>([
    ["withdraws", { related_intents: ["i", "k"] }, (played) => withdraws(played, "bo", "k")],
    [
      "accepts it",
      { related_intents: ["i", "k"] },
      (played) => played.says("bo", "CONFLICT_ACK", { conflict_id: "c", ack_type: "accepted" }),
    ],
    [
      "has its operation rejected",
      { related_intents: ["i"], related_ops: ["o"] },
      (played) => played.says("dee", "OP_REJECT", { op_id: "o", reason: "no" }),
    ],
    [
      "has its operation superseded",
      { related_intents: ["i"], related_ops: ["done"] },
      (played) => played.says("bo", "OP_SUPERSEDE", { op_id: "o2", supersedes_op_id: "done", target: "z" }),
    ],
    ["leaves with its operation", { related_intents: ["i"], related_ops: ["o"] }, (played) => played.says("bo", "GOODBYE")],
  ])("lets go what waited for the end of its freeze once the other %s", (_, about, ends) => {
    const played = joined({ compliance: "governance", execution_model: "pre_commit", governance: GOVERNANCE });
    announces(played, "ana", "i", ["f"]);
    const decision = announces(played, "cy", "n", ["f"]);
    announces(played, "bo", "k", ["z"]);
    for (const id of ["done", "o"]) played.says("bo", "OP_PROPOSE", { op_id: id, target: "z", intent_id: "k" });
    played.says("bo", "OP_COMMIT", { op_id: "done", target: "z", intent_id: "k" });
    played.says("ana", "OP_PROPOSE", { op_id: "waits", target: "f", intent_id: "i" });
    played.says("cy", "CONFLICT_REPORT", { conflict_id: "c", ...about });
    played.says("ana", "CONFLICT_ACK", { conflict_id: "c", ack_type: "accepted" });
    played.pass(1 * SECOND);
    played.says("dee", "RESOLUTION", { conflict_id: eventOf(decision, "ConflictOpened").conflictId, decision: "approved" });
    const authorizedBy = () => played.state.operations.get("waits" as OpId)?.authorizedBy;
    expect([[...played.state.frozen], authorizedBy()]).toEqual([["c"], undefined]);

    ends(played);

    expect([[...played.state.frozen], authorizedBy()]).toEqual([[], expect.anything()]);
  });
});

it("freezes nobody's work for the report of somebody who has no part in it", () => {
  const played = joined();
  announces(played, "ana", "i", ["f"]);
  played.says("cy", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i"] });

  played.pass(600 * SECOND);

  expect([isDone(played), tickTypes(played)]).toEqual([true, []]);
});

describe("a row of newcomers", () => {
  /** mal announces every half second, for a minute; how often ana was refused in between. */
  function besieged(played: Play, come: (k: number) => void): readonly boolean[] {
    return Array.from({ length: 120 }, (_, k) => {
      come(k);
      played.pass(0.5 * SECOND);
      return isDone(played);
    });
  }

  function longest(flags: readonly boolean[]): number {
    return Math.max(
      ...flags
        .join()
        .split("true")
        .map((run) => run.split("false").length - 1),
    );
  }

  it("keeps nobody frozen for longer than two freezes that meet", () => {
    const played = joined();
    announces(played, "ana", "i", ["f"]);
    played.says("mal", "HELLO");

    const flags = besieged(played, (k) => void announces(played, "mal", `m${k}`, ["f", `z${k}`]));

    expect(longest(flags)).toBeLessThanOrEqual(6);
  });

  it("keeps nobody frozen either when two quarrel among themselves about something that reaches there", () => {
    const played = joined();
    announces(played, "ana", "i", ["f"]);
    for (const who of ["mal", "mo"]) played.says(who, "HELLO");

    const flags = besieged(played, (k) => {
      announces(played, "mo", `o${k}`, [`z${k}`]);
      announces(played, "mal", `m${k}`, [`z${k}`]);
      played.says("mal", "INTENT_UPDATE", { intent_id: `m${k - 1}`, scope: files("f", `z${k - 1}`, `y${k}`) });
    });

    expect(longest(flags)).toBeLessThanOrEqual(6);
  });

  it("gains nothing by disputing again what was accepted until a freeze began", () => {
    const played = joined();
    for (const who of ["mal", "mo"]) played.says(who, "HELLO");
    const met = announces(played, "mal", "m", ["f", "z"]);
    const decision = announces(played, "mo", "o", ["z"]);
    const { conflictId } = eventOf(decision, "ConflictOpened");
    for (const who of ["mal", "mo"]) played.says(who, "CONFLICT_ACK", { conflict_id: conflictId, ack_type: "accepted" });
    announces(played, "ana", "i", ["f"]);
    played.pass(1 * SECOND);
    expect([gist(met), proposes(played)]).toEqual([["IntentAnnounced"], "scope/frozen"]);

    played.says("mo", "CONFLICT_ACK", { conflict_id: conflictId, ack_type: "disputed" });
    played.pass(600 * SECOND);

    expect(played.state.conflicts.get(conflictId)).toMatchObject({ state: "ACKED", frozen: undefined, dueAtMs: undefined });
    expect(isDone(played)).toBe(true);
  });

  it("of which several are frozen comes to the end of each, whatever scope anybody takes meanwhile", () => {
    const played = quarrel();
    announces(played, "cy", "n", ["f"]);
    played.pass(1 * SECOND);
    expect(played.state.frozen.size).toBe(3);

    played.says("ana", "INTENT_UPDATE", { intent_id: "i", scope: files("f", "y") });
    played.pass(10 * SECOND);

    expect([played.state.frozen.size, isDone(played)]).toEqual([0, true]);
  });

  it("does not bar the intent that is favoured", () => {
    const played = quarrel(undefined, "high");
    played.pass(1 * SECOND);
    announces(played, "cy", "n", ["f", "z"]);

    played.pass(1.5 * SECOND);

    expect([played.state.conflicts.get(idIn(played))?.frozen?.favoured, isDone(played)]).toEqual(["i", true]);
  });

  it("is in conflicts that anybody may bring to an end, and that time does nothing to", () => {
    const played = quarrel();
    played.pass(1 * SECOND);
    const opened = acceptedOf(announces(played, "cy", "n", ["f", "z"])).find(({ type }) => type === "ConflictOpened");
    const { conflictId } = opened as SessionEventOf<"ConflictOpened">;

    played.says("ana", "CONFLICT_ESCALATE", { conflict_id: conflictId, escalate_to: "dee" });
    played.pass(600 * SECOND);

    expect(played.state.conflicts.get(conflictId)).toMatchObject({ state: "ESCALATED", frozen: undefined });
    expect(gist(played.says("dee", "RESOLUTION", { conflict_id: conflictId, decision: "merged" }))).toEqual(["ConflictResolved"]);
  });
});

describe("the end of a freeze", () => {
  const commits = (played: Play, who: string, id: string, intent: string) =>
    played.says(who, "OP_COMMIT", { op_id: id, target: "f", intent_id: intent });
  const outcomeOf = (played: Play) =>
    played.records.flatMap(({ events }) => events).find((event) => event.type === "ConflictResolved")?.outcome;

  it("does not go by what was committed before the conflict came about", () => {
    const played = joined();
    announces(played, "bo", "k", ["f"]);
    commits(played, "bo", "old", "k");
    announces(played, "ana", "i", ["f"]);
    commits(played, "ana", "new", "i");

    played.pass(600 * SECOND);

    expect(outcomeOf(played)).toMatchObject({ accepted: ["new"], rejected: [] });
  });

  it("takes nothing back that the second phase let through", () => {
    const played = quarrel(undefined, "high");
    played.says("bo", "OP_PROPOSE", { op_id: "first", target: "f", intent_id: "k" });
    played.pass(2 * SECOND);
    expect(gist(commits(played, "ana", "through", "i"))).toContain("OperationCommitted");

    played.pass(600 * SECOND);

    expect(outcomeOf(played)).toMatchObject({ accepted: ["through"], rejected: ["first"] });
    expect(played.state.operations.get("first" as OpId)?.state).toBe("REJECTED");
  });
});
