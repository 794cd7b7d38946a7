/** How long somebody keeps away from a scope that was rejected there. */
import { describe, expect, it } from "vitest";
import type { PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { DAY_MS, eventOf, files, gist, type Play, play, rejectionOf } from "./session.test.fixture.ts";

const SECOND = 1_000;

function withArbiter(settings: JsonObject = {}): Play {
  const played = play(settings);
  for (const principal of ["ana", "bo", "cy"]) played.says(principal, "HELLO", { roles: principal === "cy" ? ["arbiter"] : [] });
  return played;
}

const numbers = (() => {
  let last = 0;
  return () => (last += 1);
})();

function announce(played: Play, scope: JsonObject = files("a.ts"), who = "bo"): { readonly id: string; readonly gives: string } {
  const id = `k${numbers()}`;
  const decision = played.says(who, "INTENT_ANNOUNCE", { intent_id: id, scope, ttl_sec: 60 });
  const given = gist(decision);
  return { id, gives: typeof given === "string" ? given : "taken" };
}

/** bo announces it, and the arbiter rejects that. Gives for how many seconds bo keeps away. */
function rejected(played: Play, scope: JsonObject = files("a.ts")): number {
  const { id, gives } = announce(played, scope);
  expect(gives).toBe("taken");
  const conflict = `c-${id}`;
  played.says("ana", "CONFLICT_REPORT", { conflict_id: conflict, related_intents: [id] });
  const decision = played.says("cy", "RESOLUTION", { conflict_id: conflict, decision: "rejected", outcome: { rejected: [id] } });
  return (eventOf(decision, "BackoffStarted").retryAtMs - played.nowMs) / SECOND;
}

describe("an announcement after a rejection", () => {
  it("over the same or an overlapping scope waits, to the second", () => {
    const played = withArbiter();
    rejected(played, files("src/"));

    played.pass(1);
    const early = rejectionOf(played.says("bo", "INTENT_ANNOUNCE", { intent_id: "e", scope: files("src/a.ts", "b.ts") }));
    played.pass(30 * SECOND - 2);
    const last = announce(played, files("src/"));
    played.pass(1);
    const then = announce(played, files("src/"));

    expect([early.code, early.details]).toEqual(["intent/backoff", { retry_after_sec: 30 }]);
    expect([last.gives, then.gives]).toEqual(["intent/backoff", "taken"]);
  });

  it.each([
    ["another scope", (played: Play) => announce(played, files("b.ts"))],
    ["another person", (played: Play) => announce(played, files("a.ts"), "ana")],
    ["what only may be the same", (played: Play) => announce(played, { kind: "entity_set", entities: ["a.ts::parse"] })],
    ["a scope of another kind", (played: Play) => announce(played, { kind: "task_set", task_ids: ["t"] })],
  ])("does not wait for %s", (_, again) => {
    const played = withArbiter();
    rejected(played);

    expect(again(played).gives).toBe("taken");
  });

  it("waits for scopes of other kinds, too", () => {
    const played = withArbiter();
    const scope: JsonObject = { kind: "task_set", task_ids: ["t"] };
    rejected(played, scope);

    expect(announce(played, scope).gives).toBe("intent/backoff");
  });
});

describe("a place in the row", () => {
  /** bo waits for what it works on as well, beside ana, until `rejects` and then ana's withdrawal. */
  function turnOf(rejects: readonly string[]): Play {
    const played = withArbiter();
    const proceeding = { extensions: { signalbox: { on_overlap: "proceed" } } };
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "a", scope: files("src/a.ts") });
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "b", scope: files("src/a.ts"), ...proceeding });
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "w", scope: files("src/"), extensions: { signalbox: { on_overlap: "wait" } } });
    played.says("ana", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["a", "b"] });
    played.says("cy", "RESOLUTION", { conflict_id: "c", decision: "rejected", outcome: { rejected: [...rejects] } });
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" });
    played.pass(0);
    return played;
  }
  it("over what was rejected meanwhile is taken away when its turn comes, and the reason is told", () => {
    const played = turnOf(["b"]);

    expect(played.records.at(-1)?.events[0]).toMatchObject({
      type: "DeferralEnded",
      principalId: "bo",
      status: "expired",
      reason: "intent/backoff",
    });
    expect([played.state.waiting.size, played.state.liveIntents.size]).toEqual([0, 0]);
  });

  it("is given when another was rejected", () => {
    expect([...turnOf(["a"]).state.liveIntents]).toEqual(["w"]);
  });
});

describe("a scope that an update adds", () => {
  const update = (played: Play, ...paths: string[]) => gist(played.says("bo", "INTENT_UPDATE", { intent_id: "e", scope: files(...paths) }));

  it("waits as an announcement of it does", () => {
    const played = withArbiter();
    rejected(played);
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "e", scope: files("zz") });

    const early = update(played, "zz", "a.ts");
    const elsewhere = update(played, "zz", "y");
    played.pass(30 * SECOND);

    expect([early, elsewhere, update(played, "zz", "a.ts")]).toEqual(["intent/backoff", ["IntentUpdated"], ["IntentUpdated"]]);
  });

  it("is not asked about for what the intent holds already", () => {
    const played = withArbiter();
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "e", scope: files("lib/", "src/a.ts"), ttl_sec: 600 });
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "k", scope: files("q"), ttl_sec: 600 });
    played.says("bo", "INTENT_UPDATE", { intent_id: "k", scope: files("a.ts", "src/a.ts", "lib/x.ts") });
    played.says("ana", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["k"] });
    played.says("cy", "RESOLUTION", { conflict_id: "c", decision: "rejected", outcome: { rejected: ["k"] } });

    expect(update(played, "src/a.ts", "lib/x.ts", "new.ts")).toEqual(["IntentUpdated"]);
    expect(update(played, "src/a.ts", "lib/x.ts", "a.ts")).toBe("intent/backoff");
  });

  it("waits in scopes of other kinds, too", () => {
    const played = withArbiter();
    rejected(played, { kind: "task_set", task_ids: ["t"] });
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "e", scope: { kind: "task_set", task_ids: ["u"] } });
    const scope: JsonObject = { kind: "task_set", task_ids: ["t", "u"] };

    expect(gist(played.says("bo", "INTENT_UPDATE", { intent_id: "e", scope }))).toBe("intent/backoff");
  });
});

it.each([
  ["ran out", (played: Play) => played.pass(60 * SECOND)],
  ["was withdrawn", (played: Play, id: string) => played.says("bo", "INTENT_WITHDRAW", { intent_id: id })],
])("does not start when an intent %s", (_, end) => {
  const played = withArbiter();
  const { id } = announce(played);

  end(played, id);

  expect(announce(played).gives).toBe("taken");
});

describe("each further rejection", () => {
  function inARow(played: Play, times: number): number[] {
    return Array.from({ length: times }, () => {
      const seconds = rejected(played);
      played.pass(seconds * SECOND);
      return seconds;
    });
  }

  it("over the same scope doubles the time, up to 300 s, and is one entry", () => {
    const played = withArbiter();

    expect(inARow(played, 6)).toEqual([30, 60, 120, 240, 300, 300]);
    expect(played.state.backoffs.get("bo" as PrincipalId)).toMatchObject([{ times: 6 }]);
  });

  it("goes by the session's policy", () => {
    const liveness = { intent_backoff_initial_sec: 1, intent_backoff_multiplier: 10, intent_backoff_max_sec: 50 };

    expect(inARow(withArbiter({ liveness }), 3)).toEqual([1, 10, 50]);
  });

  it("over another scope starts anew", () => {
    const played = withArbiter();
    inARow(played, 2);

    expect(rejected(played, files("b.ts"))).toBe(30);
  });

  it("counts for a day, and then nothing is left of it", () => {
    const played = withArbiter();
    inARow(played, 2);
    const second = rejected(played, files("b.ts"));

    played.pass(DAY_MS);
    expect(played.state.backoffs.get("bo" as PrincipalId)).toHaveLength(1);
    played.pass(second * SECOND);

    expect(played.state.backoffs.size).toBe(0);
    expect(rejected(played)).toBe(30);
  });
});
