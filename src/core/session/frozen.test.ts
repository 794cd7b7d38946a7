/** What a frozen scope bars, and what it does not. */
import { describe, expect, it } from "vitest";
import type { ConflictId, IntentId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { frozenFor } from "./frozen.ts";
import { files, gist, type Play, play, rejectionOf, resultOf, signalbox } from "./session.test.fixture.ts";

const proceed = signalbox({ on_overlap: "proceed" });

/** ana and bo are in conflict over src/a.ts; ana's scope has src/lib too, bo's docs/. Nobody has resolved it in time. */
function frozen(priority = "normal", phaseSec = 0): Play {
  const played = play({ governance: { resolution_timeout_sec: 10 } });
  for (const principal of ["ana", "bo", "cy"]) played.says(principal, "HELLO", { roles: principal === "cy" ? ["owner"] : [] });
  const long = { ttl_sec: 7_000, priority, ...proceed };
  played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("src/a.ts", "src/lib/"), ...long });
  played.says("bo", "INTENT_ANNOUNCE", { intent_id: "k", scope: files("src/a.ts", "docs/"), ttl_sec: 7_000, ...proceed });
  played.pass(10_000 + phaseSec * 1_000);
  return played;
}

const frozenId = (played: Play) => [...played.state.frozen][0] as ConflictId;

describe("an operation on a frozen scope", () => {
  it.each([
    ["src/a.ts", true],
    ["./src/a.ts", true],
    ["src/lib/deep/x.ts", true],
    ["docs/guide.md", true],
    ["src/b.ts", false],
    ["src", false],
    ["Payment.charge", false],
  ])("%s is barred: %s", (target, barred) => {
    expect(frozenFor(frozen().state, target) !== undefined).toBe(barred);
  });

  it("is told which conflict it waits for, and whose word", () => {
    const played = frozen();
    const anybody = frozenFor(played.state, "src/a.ts")?.rejected;
    played.says("ana", "CONFLICT_ESCALATE", { conflict_id: frozenId(played), escalate_to: "cy" });
    const named = frozenFor(played.state, "src/a.ts")?.rejected;

    expect(anybody).toMatchObject({ code: "scope/frozen", details: { conflicts: [frozenId(played)] } });
    expect([anybody?.message, named?.message]).toEqual([expect.stringContaining("an owner or arbiter"), expect.stringContaining("of cy")]);
  });

  it("is told every conflict that it waits for", () => {
    const played = play({ governance: { resolution_timeout_sec: 10 } });
    for (const who of ["ana", "bo", "cy"]) {
      played.says(who, "HELLO");
      played.says(who, "INTENT_ANNOUNCE", { intent_id: who, scope: files("src/a.ts"), ttl_sec: 7_000, ...proceed });
    }
    played.pass(10_000);

    const rejected = frozenFor(played.state, "src/a.ts", "ana" as IntentId)?.rejected;

    expect(played.state.frozen.size).toBe(3);
    expect(rejected?.details).toEqual({ conflicts: [...played.state.frozen] });
  });

  it("goes on in the second phase when its intent has the highest priority, and only while that is active", () => {
    const played = frozen("high", 60);
    const bars = (id?: string) => frozenFor(played.state, "src/a.ts", id as IntentId | undefined) !== undefined;

    expect([bars("i"), bars("k"), bars()]).toEqual([false, true, true]);
    played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });
    expect(bars("i")).toBe(true);
  });

  it("is free again once the conflict is resolved", () => {
    const played = frozen();

    played.says("cy", "RESOLUTION", { conflict_id: frozenId(played), decision: "merged" });

    expect(frozenFor(played.state, "src/a.ts")).toBeUndefined();
  });

  it("is free of a side that has ended while two others are left", () => {
    const played = play({ governance: { resolution_timeout_sec: 10 } });
    for (const who of ["ana", "bo", "cy"]) {
      played.says(who, "HELLO");
      played.says(who, "INTENT_ANNOUNCE", { intent_id: who, scope: files(`${who}.ts`), ttl_sec: 7_000 });
    }
    played.says("cy", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["ana", "bo", "cy"] });
    played.pass(10_000);

    played.says("cy", "INTENT_WITHDRAW", { intent_id: "cy" });

    const bars = (target: string) => frozenFor(played.state, target) !== undefined;
    expect(["ana.ts", "bo.ts", "cy.ts"].map(bars)).toEqual([true, true, false]);
  });

  it("is barred by an operation that the conflict names", () => {
    const played = play({ governance: { resolution_timeout_sec: 10 } });
    for (const principal of ["ana", "bo"]) played.says(principal, "HELLO");
    played.says("ana", "OP_COMMIT", { op_id: "o", target: "x.ts" });
    played.says("bo", "OP_COMMIT", { op_id: "p", target: "z.ts" });
    played.says("ana", "CONFLICT_REPORT", { conflict_id: "c", related_ops: ["o", "p"] });
    played.pass(10_000);

    expect([frozenFor(played.state, "x.ts"), frozenFor(played.state, "y.ts")]).toEqual([expect.anything(), undefined]);
  });
});

it("bars nothing over an operation that the conflict names and that was rejected since", () => {
  const played = play({ governance: { resolution_timeout_sec: 10 } });
  for (const who of ["ana", "bo", "cy"]) played.says(who, "HELLO", { roles: [who === "cy" ? "owner" : "contributor"] });
  for (const who of ["ana", "bo"]) played.says(who, "INTENT_ANNOUNCE", { intent_id: who, scope: files(`${who}.ts`), ttl_sec: 7_000 });
  played.says("cy", "OP_PROPOSE", { op_id: "o", target: "x.ts" });
  played.says("cy", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["ana", "bo"], related_ops: ["o"] });
  played.pass(10_000);
  expect(frozenFor(played.state, "x.ts")).toBeDefined();

  played.says("cy", "OP_REJECT", { op_id: "o", reason: "no" });

  expect(frozenFor(played.state, "x.ts")).toBeUndefined();
});

describe("a frozen scope of entities", () => {
  it("bars nothing that is not known to lie in it", () => {
    const played = play({ governance: { resolution_timeout_sec: 10 } });
    for (const principal of ["ana", "bo"]) played.says(principal, "HELLO");
    const scope: JsonObject = { kind: "entity_set", entities: ["Payment"] };
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope, ttl_sec: 7_000 });
    played.says("bo", "INTENT_ANNOUNCE", { intent_id: "j", scope: files("docs/b.md"), ttl_sec: 7_000 });
    played.says("bo", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i", "j"] });
    played.pass(10_000);

    expect([frozenFor(played.state, "Payment"), frozenFor(played.state, "src/a.ts")]).toEqual([expect.anything(), undefined]);
    expect(gist(played.says("bo", "INTENT_ANNOUNCE", { intent_id: "k", scope: files("src/a.ts") }))).toEqual(["IntentAnnounced"]);
  });
});

describe("an announcement over a frozen scope", () => {
  const announce = (played: Play, ...paths: string[]) =>
    played.says("cy", "INTENT_ANNOUNCE", { intent_id: "c1", scope: files(...paths), ...proceed });

  it.each([[["src/a.ts"]], [["src/lib/x.ts", "docs/**/*.md"]], [["src/a.ts", "src/lib/", "docs/"]]])(
    "%s that lies in it altogether is refused, before any lock",
    (paths) => {
      const played = frozen();

      const rejection = rejectionOf(announce(played, ...paths));

      expect([rejection.code, rejection.details]).toEqual(["scope/frozen", { conflicts: [frozenId(played)] }]);
    },
  );

  it.each([[["src/a.ts", "src/b.ts"]], [["src/"]]])("%s that lies in it in part is taken, and its sender is warned", (paths) => {
    const played = frozen();

    const decision = announce(played, ...paths);

    expect(gist(decision)).toContain("IntentAnnounced");
    expect(resultOf(decision)["frozen"]).toEqual([frozenId(played)]);
  });

  it.each([[files("src/b.ts")], [{ kind: "entity_set", entities: ["src/a.ts::parse"] }]])(
    "%j that lies beside it, or only may meet it, hears nothing of it",
    (scope) => {
      const decision = frozen().says("cy", "INTENT_ANNOUNCE", { intent_id: "c1", scope });

      expect(resultOf(decision)["frozen"]).toBeUndefined();
    },
  );
});
