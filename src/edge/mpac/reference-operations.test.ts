/** The reference's suites about operations, played against our core: pre-commit, batches, supersession, and what a recovery keeps. */
import { describe, expect, it } from "vitest";
import { play, type Play } from "../../core/session/session.test.fixture.ts";
import { session } from "../../core/session/session.ts";
import type { JsonObject } from "../../wire/json.ts";
import {
  announce,
  BOTH,
  commit,
  conflictIdIn,
  conflictIn,
  errorOf,
  joined,
  operationIn,
  propose,
  saidBy,
  statesOf,
} from "./reference-suites.test.fixture.ts";

const MAIN = "src/main.py";
const ref = (digit: string): string => `sha256:${digit.repeat(16)}`;

describe("suite v0110 features: a change", () => {
  it("is authorized first where the session asks for that, and committed by its second OP_COMMIT", () => {
    const played = joined({ ana: "owner" }, { compliance: "governance", execution_model: "pre_commit" });
    announce(played, "ana", "a", ["src/auth.py"]);
    const ask = () => commit(played, "ana", "o", "a", "src/auth.py", { state_ref_after: ref("1") });

    const asked = saidBy(played, ask);
    const between = { ...operationIn(played, "o") };
    const completed = saidBy(played, ask);

    expect(asked).toMatchObject([{ type: "COORDINATOR_STATUS", event: "authorization", authorized_op_id: "o" }]);
    expect([between.state, between.authorizedBy, completed.map(({ event }) => event)]).toEqual(["PROPOSED", "service:coordinator-s", []]);
    expect(statesOf(played, "o")).toEqual(["COMMITTED"]);
  });

  const batch = (played: Play, more: JsonObject, second: JsonObject = {}) =>
    played.says("ana", "OP_BATCH_COMMIT", {
      batch_id: "g",
      intent_id: "a",
      operations: [
        { op_id: "o1", target: "src/auth.py", op_kind: "replace", state_ref_before: ref("a"), state_ref_after: ref("b") },
        { op_id: "o2", target: "src/routes.py", op_kind: "replace", state_ref_before: ref("c"), state_ref_after: ref("d"), ...second },
      ],
      ...more,
    });

  it.each(["all_or_nothing", "best_effort"])("of several files is one batch (%s) whose operations stand by themselves", (atomicity) => {
    const played = joined(BOTH);
    announce(played, "ana", "a", ["src/auth.py", "src/routes.py"]);

    expect(saidBy(played, () => batch(played, { atomicity }))).toEqual([]);
    expect([operationIn(played, "o1"), operationIn(played, "o2")]).toMatchObject([
      { state: "COMMITTED", batch: "g" },
      { state: "COMMITTED", batch: "g" },
    ]);
  });

  it("of a batch that goes as a whole leaves nothing behind when another entry cannot be taken", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", ["src/auth.py", "src/routes.py"]);
    const { length } = played.records;

    const decision = batch(played, { atomicity: "all_or_nothing" }, { intent_id: "nobody's" });

    expect("rejected" in decision && decision.rejected.code).toMatch(/^(operation|intent|batch|message)\//);
    expect([operationIn(played, "o1"), operationIn(played, "o2"), played.records.length]).toEqual([undefined, undefined, length]);
  });
});

/** ana has committed an operation under her intent. */
function committed(): Play {
  const played = joined(BOTH);
  announce(played, "ana", "a", [MAIN]);
  commit(played, "ana", "o1", "a", MAIN, { state_ref_before: ref("a"), state_ref_after: ref("b") });
  return played;
}

const supersede = (played: Play, id: string, earlier: string, more: JsonObject = {}) =>
  played.says("ana", "OP_SUPERSEDE", { op_id: id, supersedes_op_id: earlier, target: MAIN, ...more });

describe("suites v016 features: a superseding operation", () => {
  it("takes the place of a committed one, from where that left the file", () => {
    const played = committed();

    const heard = saidBy(played, () => supersede(played, "o2", "o1", { intent_id: "a", reason: "revised", state_ref_after: ref("c") }));

    expect([statesOf(played, "o1", "o2"), heard]).toEqual([["SUPERSEDED", "COMMITTED"], []]);
    expect(operationIn(played, "o2")).toMatchObject({ stateRefBefore: ref("b"), stateRefAfter: ref("c") });
  });

  it("may be superseded itself, and an ended one no more", () => {
    const played = committed();
    supersede(played, "o2", "o1");
    supersede(played, "o3", "o2");

    expect(statesOf(played, "o1", "o2", "o3")).toEqual(["SUPERSEDED", "SUPERSEDED", "COMMITTED"]);
    expect(errorOf(supersede(played, "o4", "o1"))).toBe("INVALID_REFERENCE");
  });

  it("of one that there is not, or that is not committed, is refused", () => {
    const played = committed();
    propose(played, "ana", "p", "a", MAIN);

    const [unknown, proposed] = [supersede(played, "o2", "ghost"), supersede(played, "o2", "p")];

    expect([errorOf(unknown), errorOf(proposed)]).toEqual(["INVALID_REFERENCE", "INVALID_REFERENCE"]);
    expect("rejected" in proposed && proposed.rejected.message).toContain("not COMMITTED");
  });

  it("is part of what its intent quarrels about: a resolution may name it", () => {
    const played = committed();
    announce(played, "bo", "b", [MAIN]);
    supersede(played, "o2", "o1", { intent_id: "a" });
    played.says("cy", "HELLO", { roles: ["arbiter"] });

    const outcome = { accepted: ["o2"], rejected: ["b"] };
    const decision = played.says("cy", "RESOLUTION", { conflict_id: conflictIdIn(played), decision: "approved", outcome });

    expect([errorOf(decision), conflictIn(played)?.state]).toEqual([undefined, "CLOSED"]);
  });
});

/** What the next coordinator knows of the session: its log, folded by a process that was not there. */
function recovered(before: Play): Play["state"] {
  before.gives({ type: "Opened", session: "s", settings: {} });
  const state = session.initial();
  for (const { revision, atMs, events } of before.records)
    for (const event of events) session.evolve(state, session.readEvent(JSON.parse(JSON.stringify(event))), { revision, atMs });
  return state;
}

describe("suites v016 features: a coordinator that comes after another", () => {
  it("knows participants, intents, operations, conflicts and the clock, one epoch later", () => {
    const played = committed();
    announce(played, "bo", "b", [MAIN]);
    const { clock } = played.state;

    const state = recovered(played);

    const states = (kept: Iterable<{ readonly state: string }>) => [...kept].map((one) => one.state);
    expect([...state.participants.keys()]).toEqual(["ana", "bo"]);
    expect([states(state.intents.values()), states(state.operations.values())]).toEqual([["ACTIVE", "ACTIVE"], ["COMMITTED"]]);
    expect(states(state.conflicts.values())).toEqual(["OPEN"]);
    expect([state.epoch, state.clock > clock]).toEqual([2, true]);
  });

  it("knows what was superseded, and that the session has ended", () => {
    const played = committed();
    supersede(played, "o2", "o1");
    played.says("cy", "HELLO", { roles: ["owner"] });
    played.says("cy", "SESSION_CLOSE", { reason: "manual" });

    const state = recovered(played);

    expect([...state.operations.values()].map((one) => one.state)).toEqual(["SUPERSEDED", "COMMITTED"]);
    expect([state.closed, errorOf(announce(played, "ana", "late", ["b.py"]))]).toEqual(["manual", "SESSION_CLOSED"]);
  });

  it("finds every message in the log, the first HELLO first", () => {
    const types = committed().records.map(({ command }) => ("message_type" in command ? command.message_type : command.type));

    expect(types).toEqual(["Opened", "HELLO", "HELLO", "INTENT_ANNOUNCE", "OP_COMMIT"]);
    expect(play().records).toHaveLength(1);
  });
});
