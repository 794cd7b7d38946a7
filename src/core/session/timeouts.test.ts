/** What comes of a conflict that nobody resolves, step by step, on a clock that the test moves. */
import { describe, expect, it } from "vitest";
import type { ConflictId, OpId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { session } from "./session.ts";
import { files, gist, type Play, play, signalbox, START_MS } from "./session.test.fixture.ts";

const SECOND = 1_000;

interface Quarrel {
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  readonly settings?: JsonObject;
  readonly priorities?: readonly [ana: string, bo: string];
}

/** ana holds `i` and bo holds `k`, both over a.ts and each over a file of its own; cy is there. The coordinator found the conflict at the start. */
function quarrel({ roles = {}, settings = { compliance: "governance" }, priorities = ["normal", "normal"] }: Quarrel = {}): Play {
  const played = play(settings);
  for (const principal of ["ana", "bo", "cy"]) played.says(principal, "HELLO", { roles: [...(roles[principal] ?? ["contributor"])] });
  const announce = (who: string, id: string, priority: string) =>
    played.says(who, "INTENT_ANNOUNCE", {
      intent_id: id,
      scope: files("a.ts", `${id}.ts`),
      ttl_sec: 100_000,
      priority,
      ...signalbox({ on_overlap: "proceed" }),
    });
  announce("ana", "i", priorities[0]);
  announce("bo", "k", priorities[1]);
  return played;
}

const conflictIn = (played: Play) => [...played.state.conflicts.values()][0];
const idIn = (played: Play) => conflictIn(played)?.id as ConflictId;

/** What happened by itself, with its second since the start. */
function history({ records }: Play): readonly (readonly [number, SessionEvent])[] {
  return records
    .filter(({ command }) => "type" in command && command.type === "Tick")
    .flatMap(({ atMs, events }) => events.slice(0, -1).map((event) => [(atMs - START_MS) / SECOND, event] as const));
}

const ARBITER = { roles: { cy: ["arbiter"] } };

describe("a conflict that nobody resolves", () => {
  it("is brought before the arbiter after 300 s, frozen after 300 more, and decided at the end of its freeze", () => {
    const played = quarrel(ARBITER);

    played.pass(3_600 * SECOND);

    const id = idIn(played);
    const principals = ["bo", "ana"];
    expect(history(played)).toEqual([
      [300, { type: "ConflictEscalated", conflictId: id, to: "cy", reason: "resolution_timeout", dueAtMs: START_MS + 300_000 }],
      [600, { type: "ScopeFrozen", conflictId: id, phase: 1, principals, dueAtMs: START_MS + 600_000 }],
      [660, { type: "ScopeFrozen", conflictId: id, phase: 2, principals, dueAtMs: START_MS + 660_000 }],
      [
        900,
        {
          type: "ConflictResolved",
          conflictId: id,
          resolutionId: expect.stringMatching(/^resolution-/),
          decision: "policy_override",
          rationale: "frozen_scope_progressive_fallback_phase_3",
          outcome: { accepted: [], rejected: [], merged: [] },
          dueAtMs: START_MS + 900_000,
        },
      ],
    ]);
    expect([conflictIn(played)?.state, played.state.frozen.size]).toEqual(["CLOSED", 0]);
  });

  it.each<readonly [string, Quarrel, (played: Play) => void]>([
    ["there is no arbiter", {}, () => undefined],
    ["the arbiter is away", ARBITER, (played) => played.gives({ type: "ParticipantLapsed", principal: "cy", lastHeardAtMs: 0 })],
    ["the arbiter has left", ARBITER, (played) => played.says("cy", "GOODBYE")],
  ])("is frozen at once when %s", (_, given, change) => {
    const played = quarrel(given);
    change(played);

    played.pass(300 * SECOND);

    expect(history(played)).toMatchObject([[300, { type: "ScopeFrozen", phase: 1 }]]);
    expect(conflictIn(played)?.state).toBe("OPEN");
  });

  it("is brought before an arbiter who is no party, where there is one", () => {
    const played = quarrel({ roles: { ana: ["arbiter"], cy: ["arbiter"] } });

    played.pass(300 * SECOND);

    expect(conflictIn(played)?.escalatedTo).toBe("cy");
  });

  it("is brought before the arbiter in the second phase, if he has come", () => {
    const played = quarrel();
    played.pass(310 * SECOND);
    played.says("cy", "HELLO", { roles: ["arbiter"] });

    played.pass(50 * SECOND);

    expect(history(played)).toMatchObject([
      [300, { type: "ScopeFrozen", phase: 1 }],
      [360, { type: "ConflictEscalated", to: "cy", reason: "frozen_scope_phase_2" }],
      [360, { type: "ScopeFrozen", phase: 2 }],
    ]);
  });

  it("has the whole time again from a person's escalation on, and goes on to the arbiter from an owner", () => {
    const played = quarrel({ roles: { ana: ["owner"], cy: ["arbiter"] } });
    played.pass(200 * SECOND);
    played.says("bo", "CONFLICT_ESCALATE", { conflict_id: idIn(played), escalate_to: "ana" });

    played.pass(300 * SECOND);

    expect(history(played)).toMatchObject([[500, { type: "ConflictEscalated", to: "cy" }]]);
  });

  it("goes through its phases undisturbed by an acknowledgement or an escalation, and may be resolved in any", () => {
    const played = quarrel({ roles: { cy: ["owner"] } });
    played.pass(310 * SECOND);

    const acknowledged = played.says("ana", "CONFLICT_ACK", { conflict_id: idIn(played) });
    const escalated = played.says("ana", "CONFLICT_ESCALATE", { conflict_id: idIn(played), escalate_to: "cy" });
    played.pass(60 * SECOND);
    const resolved = played.says("cy", "RESOLUTION", { conflict_id: idIn(played), decision: "merged" });
    played.pass(3_600 * SECOND);

    expect([acknowledged, escalated, resolved].map(gist)).toEqual([["ConflictAcknowledged"], ["ConflictEscalated"], ["ConflictResolved"]]);
    expect(history(played).map(([second, { type }]) => [second, type])).toEqual([
      [300, "ScopeFrozen"],
      [360, "ScopeFrozen"],
    ]);
    expect(played.state.frozen.size).toBe(0);
  });
});

describe("a session's policy", () => {
  it.each<readonly [string, JsonObject, readonly (readonly [number, string])[]]>([
    ["0 for the time to resolve: nothing comes of it", { compliance: "governance", governance: { resolution_timeout_sec: 0 } }, []],
    ["core compliance, and no word about it: nothing comes of it", {}, []],
    [
      "core compliance with a time to resolve",
      { governance: { resolution_timeout_sec: 10 } },
      [
        [10, "ScopeFrozen"],
        [70, "ScopeFrozen"],
        [310, "ConflictResolved"],
      ],
    ],
    [
      "phases of its own",
      { governance: { resolution_timeout_sec: 10, frozen_scope_phase_1_sec: 0, frozen_scope_phase_2_sec: 5 } },
      [
        [10, "ScopeFrozen"],
        [10, "ScopeFrozen"],
        [15, "ConflictResolved"],
      ],
    ],
    [
      "no third phase: frozen until somebody resolves it",
      { governance: { resolution_timeout_sec: 10, frozen_scope_disable_phase_3: true } },
      [
        [10, "ScopeFrozen"],
        [70, "ScopeFrozen"],
      ],
    ],
  ])("of %s", (_, settings, happens) => {
    const played = quarrel({ settings });

    played.pass(3_600 * SECOND);

    expect(history(played).map(([second, { type }]) => [second, type])).toEqual(happens);
    expect(session.nextDeadline(played.state)).toBeGreaterThan(played.nowMs);
  });

  it("that is changed while a scope is frozen holds from then on", () => {
    const played = quarrel();
    played.pass(400 * SECOND);
    const settings = { governance: { frozen_scope_disable_phase_3: true } };

    played.gives({ type: "Opened", session: "s", settings });
    played.pass(3_600 * SECOND);

    expect(played.state.frozen.size).toBe(1);
    expect(session.nextDeadline(played.state)).toBeGreaterThan(played.nowMs);
  });
});

describe("the second phase", () => {
  it.each<readonly [ana: string, bo: string, favoured: string | undefined]>([
    ["high", "normal", "i"],
    ["low", "normal", "k"],
    ["high", "critical", "k"],
    ["high", "high", undefined],
    ["unheard of", "normal", undefined],
  ])("between %s and %s lets %s go on, and tells the others", (ana, bo, favoured) => {
    const played = quarrel({ priorities: [ana, bo] });

    played.pass(360 * SECOND);

    const event = history(played).at(-1)?.[1];
    const told = favoured === undefined ? ["bo", "ana"] : [favoured === "i" ? "bo" : "ana"];
    expect(event).toMatchObject({ type: "ScopeFrozen", phase: 2, principals: told });
    expect((event as { favoured?: string }).favoured).toBe(favoured);
  });
});

describe("the third phase", () => {
  const decided = (played: Play) => history(played).find(([, { type }]) => type === "ConflictResolved")?.[1];
  const change = (played: Play, who: string, type: "OP_PROPOSE" | "OP_COMMIT", id: string, intent: string, target = "a.ts") =>
    played.says(who, type, { op_id: id, target, intent_id: intent });

  it("accepts what the first committer did and rejects the proposals of the others", () => {
    const played = quarrel();
    change(played, "bo", "OP_COMMIT", "first", "k");
    played.says("bo", "OP_SUPERSEDE", { op_id: "second", supersedes_op_id: "first", target: "a.ts", intent_id: "k" });
    change(played, "ana", "OP_COMMIT", "o1", "i", "i.ts");
    change(played, "ana", "OP_PROPOSE", "p1", "i");
    change(played, "bo", "OP_COMMIT", "third", "k");

    played.pass(600 * SECOND);

    expect(decided(played)).toMatchObject({ outcome: { accepted: ["second", "third"], rejected: ["p1"], merged: [] } });
    expect(history(played).map(([, event]) => event)).toContainEqual({
      type: "OperationRejected",
      opIds: ["p1"],
      reason: "frozen_scope_fallback",
      refersTo: idIn(played),
    });
    const states = ["second", "o1", "p1"].map((id) => played.state.operations.get(id as OpId)?.state);
    expect(states).toEqual(["COMMITTED", "COMMITTED", "REJECTED"]);
  });

  it("goes by when the coordinator received a change, not by when it was committed, and leaves committed ones committed", () => {
    const played = quarrel();
    change(played, "ana", "OP_PROPOSE", "first", "i");
    change(played, "bo", "OP_COMMIT", "later", "k");

    played.pass(600 * SECOND);

    expect(decided(played)).toMatchObject({ outcome: { accepted: ["first"], rejected: ["later"] } });
    expect(played.state.operations.get("later" as OpId)?.state).toBe("COMMITTED");
    expect(history(played).map(([, { type }]) => type)).not.toContain("OperationRejected");
  });
});

describe("a conflict that nobody is sure of", () => {
  const report = (played: Play, basis: JsonObject) =>
    played.says("ana", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i", "k"], basis });
  const semantic = { kind: "semantic_match", match_type: "contradictory" };

  function withHuman(type: string): Play {
    const played = play({ compliance: "governance" });
    played.says("ana", "HELLO");
    played.says("bo", "HELLO", { roles: ["arbiter"] }, { sender: { principal_id: "bo", principal_type: "agent" } });
    played.says("cy", "HELLO", { roles: ["arbiter"] }, { sender: { principal_id: "cy", principal_type: type } });
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts"), ttl_sec: 100_000 });
    played.says("dee", "HELLO");
    played.says("dee", "INTENT_ANNOUNCE", { intent_id: "k", scope: files("b.ts"), ttl_sec: 100_000 });
    return played;
  }

  it.each<readonly [JsonObject, boolean]>([
    [{ ...semantic, confidence: 0.69 }, true],
    [semantic, true],
    [{ ...semantic, confidence: 0.9, match_type: "uncertain" }, true],
    [{ ...semantic, confidence: 0.7 }, false],
    [{ kind: "model_inference", confidence: 0.1 }, false],
  ])("by %j is one: %s; it goes to a human at once, and time does nothing to it", (basis, unsure) => {
    const played = withHuman("human");

    const decision = report(played, basis);
    played.pass(3_600 * SECOND);

    expect(gist(decision)).toEqual(unsure ? ["ConflictOpened", "ConflictEscalated"] : ["ConflictOpened"]);
    expect([conflictIn(played)?.escalatedTo, history(played).length > 0]).toEqual(unsure ? ["cy", false] : ["bo", true]);
  });

  it("waits for somebody when no human decides here, and may be escalated by hand without coming to a freeze", () => {
    const played = withHuman("service");

    expect(gist(report(played, semantic))).toEqual(["ConflictOpened"]);
    played.says("ana", "CONFLICT_ESCALATE", { conflict_id: "c", escalate_to: "bo" });
    played.pass(3_600 * SECOND);

    expect([conflictIn(played)?.state, history(played)]).toEqual(["ESCALATED", []]);
  });
});

it("has no say any more once the session has ended", () => {
  const played = quarrel({ roles: { ana: ["owner"] } });
  played.says("ana", "OP_COMMIT", { op_id: "o", target: "a.ts", intent_id: "i" });
  played.says("ana", "CONFLICT_REPORT", { conflict_id: "c", related_ops: ["o"] });
  played.says("ana", "SESSION_CLOSE", {});
  expect(played.state.liveConflicts.size).toBe(1);

  played.pass(3_600 * SECOND);

  expect(history(played)).toEqual([]);
});

describe("a machine that slept", () => {
  it("gives nobody less time: what fell into the gap moves behind it", () => {
    const played = quarrel();
    played.skip(3_600 * SECOND);

    played.gives({ type: "Resumed", fromMs: START_MS + 100_000 });
    played.pass(89 * SECOND);
    expect(history(played)).toEqual([]);
    played.pass(SECOND);

    expect(history(played)).toMatchObject([[3_690, { type: "ScopeFrozen", phase: 1 }]]);
  });

  it("leaves what fell due before it, or falls due later", () => {
    const played = quarrel();

    played.skip(100 * SECOND);
    played.gives({ type: "Resumed", fromMs: START_MS + 50_000 });
    played.pass(200 * SECOND);

    expect(history(played)).toMatchObject([[300, { type: "ScopeFrozen" }]]);
  });
});
