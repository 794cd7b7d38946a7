import { describe, expect, it } from "vitest";
import type { ClaimView, ConflictView } from "../wire/query/views.ts";
import { TestSession } from "./session.test.fixture.ts";
import { caller } from "./worktree.test.fixture.ts";

/** Ana and bo stand in one conflict. */
async function arguing() {
  const session = new TestSession();
  session.holds("bo", "intent-bo", ["src/a.ts"]);
  const ana = caller(session, "ana");
  await ana.call("begin_task", { objective: "mine", files: ["src/a.ts"], on_overlap: "proceed" });
  const [conflictId = ""] = session.conflicts.keys();
  return { session, ana, conflictId };
}

describe("escalate_conflict", () => {
  it("goes to the one arbiter who is there", async () => {
    const { session, ana, conflictId } = await arguing();
    session.arbiters = ["cy"];

    const { structured, text } = await ana.call("escalate_conflict", { conflict_id: conflictId, reason: "we both need it" });

    expect(structured).toMatchObject({ status: "ok", conflict_id: conflictId });
    expect(text).toContain("is escalated to the arbiter");
    expect(session.conflicts.get(conflictId)?.state).toBe("ESCALATED");
  });

  it("names who can decide when that is not clear, each with the call", async () => {
    const { session, ana, conflictId } = await arguing();
    session.arbiters = ["cy", "dee"];

    const { structured, text, isError } = await ana.call("escalate_conflict", { conflict_id: conflictId, reason: "why" });

    expect(isError).toBe(true);
    expect(structured).toMatchObject({ status: "error", code: "PRINCIPAL_UNKNOWN", candidates: ["cy", "dee"] });
    expect(text).toContain(`escalate_conflict {"conflict_id":"${conflictId}","reason":"why","escalate_to":"cy"}`);
  });
});

describe("escalate_conflict where nobody is who decides", () => {
  it("says what the parties can do by themselves", async () => {
    const { ana, conflictId } = await arguing();

    const { structured } = await ana.call("escalate_conflict", { conflict_id: conflictId, reason: "why" });

    expect(structured).toMatchObject({ code: "PRINCIPAL_UNKNOWN" });
    expect(structured["next"]).toMatchObject([
      { why: "tell the user" },
      { tool: "ack_conflict", arguments: { conflict_id: conflictId, ack_type: "accepted" } },
      { tool: "yield_task" },
    ]);
  });
});

describe("who_is_working", () => {
  it("tells whom a conflict waits for, with the call", async () => {
    const { session, conflictId } = await arguing();
    const conflict = session.conflicts.get(conflictId);
    session.conflicts.set(conflictId, { ...(conflict as ConflictView), state: "ESCALATED", escalated_to: "cy", frozen_phase: 1 });

    const { text } = await caller(session, "cy").call("who_is_working");

    expect(text).toContain(`Conflict ${conflictId}, ESCALATED to you, its files frozen until it is resolved, between ana and bo.`);
    expect(text).toContain(`resolve_conflict {"conflict_id":"${conflictId}"} (it waits for your word)`);
  });

  it.each([
    ["ana", "intent_a", ", its files frozen for others while your intent goes on, with bo"],
    ["ana", "intent_b", ", its files frozen until it is resolved, with bo"],
    ["bo", "intent_b", ", its files frozen for others while your intent goes on, with ana"],
    ["cy", "intent_a", ", its files frozen until it is resolved, between ana and bo"],
  ] as const)("tells %s whether its own files are frozen while %s goes on", async (who, favoured, says) => {
    const { session, conflictId } = await arguing();
    const conflict = session.conflicts.get(conflictId) as ConflictView;
    const id = conflict[favoured] ?? "";
    session.conflicts.set(conflictId, { ...conflict, frozen_phase: 2, favoured: id });

    const { text } = await caller(session, who).call("who_is_working");

    expect(text).toContain(`Conflict ${conflictId}, OPEN${says}`);
  });

  it("shows who waits for what", async () => {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts"]);
    await caller(session, "ana").call("begin_task", { objective: "mine", files: ["src/a.ts"], on_overlap: "wait", wait_s: 0 });

    const { text, structured } = await caller(session, "cy").call("who_is_working");

    expect(text).toContain('ana waits for src/a.ts since 14:00Z (for 0 s): "mine"');
    expect(structured["waiting"]).toMatchObject([{ principal_id: "ana" }]);
  });
});

describe("begin_task over files of which some are frozen", () => {
  it("says not to edit them yet, and for which conflict", async () => {
    const session = new TestSession();
    const ana = session.as("ana");
    session.as = () => ({
      ...ana,
      announce: async (asked) => {
        const outcome = await ana.announce(asked);
        return outcome.ok ? { ok: true, result: { ...outcome.result, frozen: ["conflict-1"] } } : outcome;
      },
    });

    const { structured, text } = await caller(session, "ana").call("begin_task", { objective: "mine", files: ["src/a.ts"] });

    expect(structured["status"]).toBe("ok");
    expect(text).toContain("Some of these files are frozen until conflict-1 is resolved");
  });
});

describe("begin_task after a rejection", () => {
  it("says when the same files may be asked for again", async () => {
    const session = new TestSession();
    session.trouble = "intent/backoff";

    const { structured, text } = await caller(session, "ana").call("begin_task", { objective: "mine", files: ["src/a.ts"] });

    expect(structured["code"]).toBe("INTENT_BACKOFF");
    expect(text).toContain("begin_task (for other files); the same call in a while;");
  });
});

describe("resolve_conflict", () => {
  it("decides it, and says whether it remains", async () => {
    const { session, ana, conflictId } = await arguing();

    const { structured, text } = await ana.call("resolve_conflict", {
      conflict_id: conflictId,
      decision: "approved",
      rationale: "ana was first",
      outcome: { rejected: ["intent-bo"] },
    });

    expect(structured).toMatchObject({ status: "ok", decision: "approved", remaining_conflict: false, open_conflicts: [] });
    expect(text).toContain("is resolved as approved; rejected: intent-bo");
    expect(session.intents.get("intent-bo")?.state).toBe("WITHDRAWN");
  });

  it("says what stands in the way", async () => {
    const { session, ana, conflictId } = await arguing();
    session.trouble = "principal/no-authority";

    const { structured, isError } = await ana.call("resolve_conflict", { conflict_id: conflictId, decision: "merged", rationale: "x" });

    expect([isError, structured["code"]]).toEqual([true, "PRINCIPAL_NO_AUTHORITY"]);
    expect(structured["next"]).toMatchObject([{ tool: "escalate_conflict", arguments: { conflict_id: conflictId } }]);
  });

  it("brings nothing before anybody that is decided", async () => {
    const { session, conflictId } = await arguing();
    const ana = session.as("ana");
    const rejection = { code: "principal/no-authority", message: "it is CLOSED already", details: { state: "CLOSED" } } as const;
    session.as = () => ({ ...ana, resolve: () => Promise.resolve({ ok: false, rejection }) });
    const asked = { conflict_id: conflictId, decision: "merged", rationale: "x" };

    const { structured } = await caller(session, "ana").call("resolve_conflict", asked);

    expect(structured["next"]).toMatchObject([{ tool: "who_is_working" }]);
  });
});

describe("begin_task over a task whose owner is away", () => {
  it("says so", async () => {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts"]);
    session.end("intent-bo", "SUSPENDED");

    const { text } = await caller(session, "ana").call("begin_task", { objective: "o", files: ["src/a.ts"], on_overlap: "proceed" });

    expect(text).toMatch(/Conflict conflict-\w+, OPEN with bo, who is away, over src\/a\.ts: /);
  });
});

describe("take_over_task", () => {
  function suspended(): TestSession {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts", "src/b.ts"]);
    session.end("intent-bo", "SUSPENDED");
    return session;
  }

  it("takes what was left, whole unless files are named", async () => {
    const session = suspended();

    const { structured, text } = await caller(session, "ana").call("take_over_task", {
      original_intent_id: "intent-bo",
      new_objective: "finish it",
    });

    expect(structured).toMatchObject({
      status: "ok",
      decision: "approved",
      original_intent_id: "intent-bo",
      files: ["src/a.ts", "src/b.ts"],
    });
    expect(text).toContain(`yield_task {"intent_id":"${String(structured["new_intent_id"])}"}`);
    expect(session.intents.get("intent-bo")?.state).toBe("TRANSFERRED");
  });

  it.each([
    ["withdrawn", { decision: "withdrawn", reason: "original_owner_rejoined" }, "rejected", "its owner is back"],
    ["rejected", { decision: "rejected", reason: "not now" }, "rejected", "not now"],
    ["without a word in time", undefined, "timeout", "an owner or arbiter of the session has to approve it, by `signalbox claim claim-"],
  ] as const)("that is %s leaves the caller with nothing", async (_, word, status, says) => {
    const session = suspended();
    session.wordOnClaims = word;

    const { structured, text, isError } = await caller(session, "ana").call("take_over_task", {
      original_intent_id: "intent-bo",
      new_objective: "finish it",
      files: ["src/a.ts"],
    });

    expect([structured["status"], structured["new_intent_id"], isError ?? false]).toEqual([status, null, false]);
    expect(text).toContain(says);
  });

  const claimed = (more: Partial<ClaimView> = {}): ClaimView => ({
    claim_id: "claim-7",
    intent_id: "intent-bo",
    intent_principal_id: "bo",
    principal_id: "cy",
    new_intent_id: "intent-cy",
    objective: "finish it",
    resources: ["src/a.ts"],
    since: "2026-11-21T13:56:00Z",
    ...more,
  });
  const again = { original_intent_id: "intent-bo", new_objective: "finish it" };

  it.each([
    ["an owner", {}, "by `signalbox claim claim-7 approve`"],
    ["time", { due_at: "2026-11-21T14:00:05Z" }, "it is approved by itself at 2026-11-21T14:00:05Z"],
  ])("that is repeated while the own claim waits for %s names that one", async (_, more, says) => {
    const session = suspended();
    session.claims.push(claimed(more));

    const { structured, text } = await caller(session, "cy").call("take_over_task", again);

    expect(structured).toMatchObject({ status: "timeout", claim_id: "claim-7", new_intent_id: null });
    expect(text).toContain(says);
    expect(text).toContain("intent-cy is yours when it stands there");
  });

  it("of what another claims already is rejected", async () => {
    const session = suspended();
    session.claims.push(claimed());

    const { structured, text } = await caller(session, "ana").call("take_over_task", again);

    expect(structured["status"]).toBe("rejected");
    expect(text).toContain("You hold nothing by it.");
  });

  it("that waits is seen by everybody, and who may approve it is told how", async () => {
    const session = suspended();
    session.claims.push(claimed());
    session.owners = ["dee"];

    const [ana, dee] = [await caller(session, "ana").call("who_is_working"), await caller(session, "dee").call("who_is_working")];

    const line = 'cy asks for intent-bo of bo: src/a.ts since 13:56Z (for 4 min): "finish it" (claim-7, an owner or arbiter decides).';
    expect([ana.text.includes(line), dee.text.includes(line)]).toEqual([true, true]);
    expect(dee.text).toContain("ask the user to run `signalbox claim claim-7 approve`");
    expect(ana.text).not.toContain("signalbox claim claim-7");
    expect(ana.structured["claims"]).toMatchObject([{ claim_id: "claim-7", principal_id: "cy" }]);
  });

  it("whose id a shell would obey is not put into a command", async () => {
    const session = suspended();
    session.claims.push(claimed({ claim_id: "x;$(reboot)" }));
    session.owners = ["dee"];

    const { text } = await caller(session, "dee").call("who_is_working");

    expect(text).toContain("`signalbox claim <claim_id> approve`");
  });

  it("of a task that is not suspended says so", async () => {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts"]);

    const { structured } = await caller(session, "ana").call("take_over_task", { original_intent_id: "intent-bo", new_objective: "x" });

    expect(structured).toMatchObject({ status: "error", code: "INTENT_NOT_SUSPENDED" });
  });
});

describe("begin_task that waits", () => {
  function held(): TestSession {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts"], "refactor");
    return session;
  }
  const asked = { objective: "mine", files: ["src/a.ts"], on_overlap: "wait" };

  it("begins as soon as the holder is done", async () => {
    const session = held();
    session.whileWaiting = () => void session.end("intent-bo", "WITHDRAWN");

    const { structured, text } = await caller(session, "ana").call("begin_task", asked);

    expect(structured).toMatchObject({ status: "ok", files: ["src/a.ts"] });
    expect(session.intents.get(String(structured["intent_id"]))?.state).toBe("ACTIVE");
    expect(text).toContain("ok: you hold src/a.ts");
  });

  it("gives a ticket when its time is over, and goes on waiting with it", async () => {
    const session = held();
    const ana = caller(session, "ana");

    const first = await ana.call("begin_task", { ...asked, wait_s: 0 });
    session.whileWaiting = () => void session.end("intent-bo", "WITHDRAWN");
    const ticket = first.structured["ticket"];
    const second = await ana.call("begin_task", { objective: "mine", files: ["src/a.ts"], ticket });

    expect(first.structured).toMatchObject({
      status: "waiting",
      intent_id: null,
      has_conflict: true,
      conflicts: [{ intent_id: "intent-bo" }],
    });
    expect(first.text).toContain("waiting: you hold none of these files yet; you are next. Do not edit them.");
    expect(first.text).toContain('"refactor" (intent-bo');
    expect(second.structured).toMatchObject({ status: "ok", intent_id: ticket });
  });

  it("says what of it one holds by a task of one's own", async () => {
    const session = held();
    session.holds("ana", "intent-mine", ["src/b.ts"]);

    const { text } = await caller(session, "ana").call("begin_task", { ...asked, files: ["src/a.ts", "src/b.ts"], wait_s: 0 });

    expect(text).toContain("waiting: of these files you hold only what intent-mine covers (src/b.ts); you are next.");
  });

  it("gives its place up by yield_task", async () => {
    const session = held();
    const ana = caller(session, "ana");
    const { structured } = await ana.call("begin_task", { ...asked, wait_s: 0 });

    const yielded = await ana.call("yield_task", { intent_id: structured["ticket"] });

    expect([yielded.structured["status"], session.waiting.size]).toEqual(["ok", 0]);
  });

  it("finds a task that began between two calls", async () => {
    const session = held();
    const ana = caller(session, "ana");
    const { structured } = await ana.call("begin_task", { ...asked, wait_s: 0 });
    const ticket = String(structured["ticket"]);
    session.end("intent-bo", "WITHDRAWN");
    await session.as("ana").untilBegun(ticket, { limitMs: 0 });

    const second = await ana.call("begin_task", { objective: "mine", files: ["src/a.ts"], ticket });

    expect(second.structured).toMatchObject({ status: "ok", intent_id: ticket });
  });

  it("says which task of one's own it replaced when it began", async () => {
    const session = held();
    session.holds("ana", "intent-mine", ["src/b.ts"]);
    session.whileWaiting = () => void session.end("intent-bo", "WITHDRAWN");

    const { structured, text } = await caller(session, "ana").call("begin_task", { ...asked, files: ["src/a.ts", "src/b.ts"] });

    expect(structured).toMatchObject({ status: "ok", superseded: ["intent-mine"] });
    expect(text).toContain("It replaces your own earlier intent-mine.");
  });

  it("tells who is in the way when its time is over, whoever that was before", async () => {
    const session = held();
    session.whileWaiting = () => {
      session.end("intent-bo", "WITHDRAWN");
      session.holds("cy", "intent-cy", ["src/a.ts"], "was faster");
    };

    const { structured, text } = await caller(session, "ana").call("begin_task", asked);

    expect(structured).toMatchObject({ status: "waiting", conflicts: [{ intent_id: "intent-cy" }] });
    expect(text).not.toContain("intent-bo");
  });

  it("does not take the ticket of a task for other files as if they were held", async () => {
    const session = held();
    const ana = caller(session, "ana");
    const { structured } = await ana.call("begin_task", { objective: "mine", files: ["src/b.ts"] });
    const ticket = String(structured["intent_id"]);

    const second = await ana.call("begin_task", { objective: "more", files: ["src/c.ts"], ticket });

    expect([second.isError, second.structured["code"]]).toEqual([true, "ID_TAKEN"]);
    expect(second.text).toContain(`ticket ${ticket} is not for these files`);
    expect(second.text).toContain('begin_task {"objective":"more","files":["src/c.ts"]} (without the ticket)');
  });

  it.each([
    ["cancelled", "was given up when it began, because the last call for it had been cancelled and no other came"],
    ["yielded", "has ended (WITHDRAWN)"],
  ])("says of a ticket what became of its task, which ended as %s", async (reason, says) => {
    const session = held();
    session.holds("ana", "intent-1a", ["src/a.ts"]);
    session.end("intent-1a", "WITHDRAWN", undefined, reason);

    const { structured, text } = await caller(session, "ana").call("begin_task", { ...asked, ticket: "intent-1a" });

    expect(structured).toMatchObject({ status: "error", code: "INTENT_ENDED" });
    expect(text).toBe(
      `INTENT_ENDED: the task of ticket intent-1a ${says}; you hold nothing by it.\nNext: begin_task {"objective":"mine","files":["src/a.ts"]} (without the ticket).`,
    );
  });

  it("leaves no place and no task behind when its caller gives up", async () => {
    const session = held();
    const cancelled = new AbortController();
    session.whileWaiting = () => {
      session.end("intent-bo", "WITHDRAWN");
      cancelled.abort();
    };

    await caller(session, "ana", { signal: cancelled.signal }).call("begin_task", asked);

    expect([session.waiting.size, [...session.intents.values()].filter(({ state }) => state === "ACTIVE")]).toEqual([0, []]);
  });
});
