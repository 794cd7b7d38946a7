/** What the person at the host is asked before a tool acts for it, and what becomes of each answer. */
import { describe, expect, it } from "vitest";
import type { Question, Reply } from "./asking.ts";
import { TestSession } from "./session.test.fixture.ts";
import { caller } from "./worktree.test.fixture.ts";

type Content = Readonly<Record<string, unknown>>;

/** Ana, whose host passes questions on, in the round of a call that the reply belongs to. */
const ana = (session: TestSession, reply?: Reply, canBeAsked = true, signal?: AbortSignal) =>
  caller(session, "ana", { person: { canBeAsked, reply }, signal });

const accepted = (content: Content, { state }: Question): Reply => ({ action: "accept", content, state });

async function asked(session: TestSession, tool: string, args: object): Promise<Question> {
  const { asks } = await ana(session).call(tool, args);
  if (asks === undefined) throw new Error(`${tool} asked nothing`);
  return asks;
}

describe("a conflict that is escalated", () => {
  const escalation = { conflict_id: "conflict-3", reason: 'we both "need" it' };

  /** Ana and bo are in one conflict, and cy is the arbiter. */
  async function arguing(): Promise<TestSession> {
    const session = new TestSession();
    session.arbiters = ["cy"];
    session.holds("bo", "intent-bo", ["src/a.ts"], "rename \u001b[31mall");
    const task = { objective: "mine", files: ["src/a.ts"], on_overlap: "proceed", client_request_id: "r" };
    await ana(session).call("begin_task", task);
    session.received.length = 0;
    return session;
  }

  const mineIn = (session: TestSession) => [...session.intents.values()].find(({ principal_id }) => principal_id === "ana");

  it("is shown to the person with both sides, quoted, and nothing is done meanwhile", async () => {
    const session = await arguing();

    const { message, fields, required } = await asked(session, "escalate_conflict", escalation);

    expect(message).toContain('Theirs, of bo: "rename all" over src/a.ts (intent-bo, ACTIVE).');
    expect(message).toMatch(/Mine, of ana: "mine" over src\/a\.ts \(intent-\w+, ACTIVE\)\./);
    expect(message).toContain(`The agent says why it asks: "we both 'need' it"`);
    expect(fields["choice"]).toMatchObject({
      oneOf: ["keep_mine", "keep_theirs", "merge", "hand_over", "wait"].map((name) => ({ const: name })),
    });
    expect(required).toEqual(["choice"]);
    expect(session.received).toEqual([]);
  });

  it.each([
    { choice: "keep_mine", role: "none", does: "escalate conflict-3 nobody", action: "escalated", says: "an arbiter has to decide" },
    { choice: "keep_mine", role: "owner", does: "resolve conflict-3 human_override", action: "resolved", says: "intent-bo has ended" },
    { choice: "keep_theirs", role: "none", does: "withdraw mine", action: "yielded", says: "do not edit its files" },
    { choice: "keep_theirs", role: "owner", does: "resolve conflict-3 human_override", action: "resolved", says: "of yours has ended" },
    { choice: "merge", role: "none", does: "escalate conflict-3 nobody", action: "escalated", says: "an arbiter has to decide" },
    { choice: "merge", role: "owner", does: "resolve conflict-3 merged", action: "resolved", says: "both go on" },
    { choice: "hand_over", role: "none", does: "withdraw mine", action: "yielded", says: "tell bo what is left to do" },
    { choice: "hand_over", role: "owner", does: "withdraw mine", action: "yielded", says: "tell bo what is left to do" },
    { choice: "wait", role: "none", does: "acknowledge conflict-3 seen", action: "acknowledged", says: "it stays open" },
    { choice: "wait", role: "owner", does: "acknowledge conflict-3 seen", action: "acknowledged", says: "it stays open" },
  ])("of which the person says $choice, with the role $role", async ({ choice, role, does, action, says }) => {
    const session = await arguing();
    session.owners = role === "owner" ? ["ana"] : [];
    const mine = mineIn(session)?.intent_id ?? "";
    const question = await asked(session, "escalate_conflict", escalation);

    const { structured, text } = await ana(session, accepted({ choice, note: "be quick" }, question)).call("escalate_conflict", escalation);

    expect(session.received).toEqual([does.replace("mine", mine)]);
    expect(structured).toMatchObject({ status: "ok", conflict_id: "conflict-3", choice, action });
    expect(text).toContain(says);
  });

  it("names who can decide, when the person's choice needs somebody and that is not clear", async () => {
    const session = await arguing();
    session.arbiters = ["cy", "dee"];
    const question = await asked(session, "escalate_conflict", escalation);

    const { structured, text } = await ana(session, accepted({ choice: "merge" }, question)).call("escalate_conflict", escalation);

    expect(structured).toMatchObject({ code: "PRINCIPAL_UNKNOWN", candidates: ["cy", "dee"], choice: "merge" });
    expect(text).toContain('the person chose "merge"');
  });

  it.each([
    { choice: "keep_mine", ack: "disputed", says: "tell bo that your task should keep the files, and why" },
    { choice: "merge", ack: "accepted", says: "tell bo that both tasks should go on, and why" },
  ])("is for the other side to agree to where nobody can decide, when the person says $choice", async ({ choice, ack, says }) => {
    const session = await arguing();
    session.arbiters = [];
    const question = await asked(session, "escalate_conflict", escalation);

    const { structured, text } = await ana(session, accepted({ choice }, question)).call("escalate_conflict", escalation);

    expect(session.received).toEqual(["escalate conflict-3 nobody", `acknowledge conflict-3 ${ack}`]);
    expect(structured).toMatchObject({ status: "ok", choice, action: "acknowledged" });
    expect(text).toContain("nobody here can decide over the task of bo, so bo has to agree");
    expect(text).toContain(says);
  });

  it.each([
    { when: "declines", reply: { action: "decline", state: undefined } as const, status: "declined" },
    { when: "closes the question", reply: { action: "cancel", state: undefined } as const, status: "cancelled" },
  ])("stays as it is when the person $when", async ({ reply, status }) => {
    const session = await arguing();

    const { structured, isError } = await ana(session, reply).call("escalate_conflict", escalation);

    expect([structured["status"], isError, session.received]).toEqual([status, undefined, []]);
  });

  it.each([
    ["no choice", {}],
    ["one that was not offered", { choice: "delete_all" }],
    ["a member of every object", { choice: "constructor" }],
    ["no text", { choice: ["merge"] }],
  ])("stays as it is when the answer is %s", async (_, content) => {
    const session = await arguing();
    const question = await asked(session, "escalate_conflict", escalation);

    const { structured } = await ana(session, accepted(content, question)).call("escalate_conflict", escalation);

    expect([structured["code"], session.received]).toEqual(["INVALID_ANSWER", []]);
  });

  it.each<[string, (session: TestSession) => void]>([
    ["has ended", (session) => session.conflicts.clear()],
    ["was escalated", (session) => setState(session, "ESCALATED")],
    ["was acknowledged", (session) => setState(session, "ACKED")],
    ["is about a task that ended", (session) => void session.end("intent-bo", "WITHDRAWN")],
  ])("is not acted upon when it %s since the person was asked", async (_, happens) => {
    const session = await arguing();
    const question = await asked(session, "escalate_conflict", escalation);
    happens(session);

    const { structured } = await ana(session, accepted({ choice: "merge" }, question)).call("escalate_conflict", escalation);

    expect([structured["status"], session.received]).toEqual(["changed", []]);
  });

  it.each<[string, object, boolean, (session: TestSession) => void]>([
    ["the host passes no questions on", {}, false, () => undefined],
    ["the call says to whom", { escalate_to: "cy" }, true, () => undefined],
    ["it is escalated already", {}, true, (session) => setState(session, "ESCALATED")],
    ["the other task has ended", {}, true, (session) => void session.end("intent-bo", "WITHDRAWN")],
  ])("goes to whoever decides, unasked, when %s", async (_, more, canBeAsked, happens) => {
    const session = await arguing();
    happens(session);

    const { asks, structured } = await ana(session, undefined, canBeAsked).call("escalate_conflict", { ...escalation, ...more });

    expect([asks, structured["status"], session.received.length]).toEqual([undefined, "ok", 1]);
  });

  it("is not acted upon when the call is cancelled while it is looked at once more", async () => {
    const session = await arguing();
    const question = await asked(session, "escalate_conflict", escalation);
    const cancelled = new AbortController();
    const me = session.as("ana");
    session.as = () => ({ ...me, intent: (id) => (cancelled.abort(), me.intent(id)) });

    const reply = accepted({ choice: "hand_over" }, question);
    const { structured } = await ana(session, reply, true, cancelled.signal).call("escalate_conflict", escalation);

    expect([structured["code"], session.received]).toEqual(["CANCELLED", []]);
  });

  it("is not acted upon for a call that was cancelled after the question", async () => {
    const session = await arguing();
    const question = await asked(session, "escalate_conflict", escalation);

    const { structured } = await ana(session, accepted({ choice: "hand_over" }, question), true, AbortSignal.abort()).call(
      "escalate_conflict",
      escalation,
    );

    expect([structured["code"], session.received]).toEqual(["CANCELLED", []]);
  });
});

function setState(session: TestSession, state: string): void {
  for (const [id, conflict] of session.conflicts) session.conflicts.set(id, { ...conflict, state });
}

describe("a task that is to be taken over", () => {
  const takeover = { original_intent_id: "intent-bo", new_objective: "finish it" };

  function suspended(): TestSession {
    const session = new TestSession();
    session.holds("bo", "intent-bo", ["src/a.ts", "src/b.ts"], "half of it");
    const intent = session.intents.get("intent-bo");
    if (intent !== undefined) intent.state = "SUSPENDED";
    return session;
  }

  const held = (session: TestSession) =>
    [...session.intents.values()].filter(({ principal_id }) => principal_id === "ana").map(({ files }) => files);

  it("is shown to the person with whose it is, and not claimed meanwhile", async () => {
    const session = suspended();

    const { message, required } = await asked(session, "take_over_task", takeover);

    expect(message).toContain('a task of bo, who is away: "half of it" over src/a.ts, src/b.ts (intent-bo).');
    expect(message).toContain('all of it, for this: "finish it"');
    expect([required, session.received]).toEqual([["choice"], []]);
  });

  it.each([
    { content: { choice: "take" }, status: "ok", holds: [["src/a.ts", "src/b.ts"]] },
    { content: { choice: "take_part", files: "src/b.ts\n" }, status: "ok", holds: [["src/b.ts"]] },
    { content: { choice: "take_part", files: " , " }, status: "ok", holds: [["src/a.ts", "src/b.ts"]] },
    { content: { choice: "take_part", files: "../x" }, status: "error", holds: [] },
    { content: { choice: "hand_over" }, status: "declined", holds: [] },
    { content: { choice: "wait" }, status: "declined", holds: [] },
    { content: { choice: "take_all" }, status: "error", holds: [] },
  ])("of which the person says $content", async ({ content, status, holds }) => {
    const session = suspended();
    const question = await asked(session, "take_over_task", takeover);

    const { structured } = await ana(session, accepted(content, question)).call("take_over_task", takeover);

    expect([structured["status"], held(session)]).toEqual([status, holds]);
  });

  it.each<[string, Reply]>([
    ["declined", { action: "decline", state: undefined }],
    ["cancelled", { action: "cancel", state: undefined }],
  ])("stays as it is when the person %s", async (status, reply) => {
    const session = suspended();

    const { structured } = await ana(session, reply).call("take_over_task", takeover);

    expect([structured["status"], session.received]).toEqual([status, []]);
  });

  it("is not claimed when its owner is back since the person was asked", async () => {
    const session = suspended();
    const question = await asked(session, "take_over_task", takeover);
    const intent = session.intents.get("intent-bo");
    if (intent !== undefined) intent.state = "ACTIVE";

    const { structured } = await ana(session, accepted({ choice: "take" }, question)).call("take_over_task", takeover);

    expect([structured["status"], session.received]).toEqual(["changed", []]);
  });

  it.each<[string, boolean, (session: TestSession) => void, string]>([
    ["the host passes no questions on", false, () => undefined, "ok"],
    ["its owner is there", true, (session) => void Object.assign(session.intents.get("intent-bo") ?? {}, { state: "ACTIVE" }), "error"],
    ["there is none", true, (session) => session.intents.clear(), "error"],
  ])("is claimed, or refused, unasked when %s", async (_, canBeAsked, happens, status) => {
    const session = suspended();
    happens(session);

    const { asks, structured } = await ana(session, undefined, canBeAsked).call("take_over_task", takeover);

    expect([asks, structured["status"]]).toEqual([undefined, status]);
  });

  it("is taken once, and the person asked once, when the call is repeated under one id", async () => {
    const session = suspended();
    const args = { ...takeover, client_request_id: "r1" };
    const question = await asked(session, "take_over_task", args);
    const first = await ana(session, accepted({ choice: "take_part", files: "src/a.ts" }, question)).call("take_over_task", args);

    const again = await ana(session).call("take_over_task", args);
    const other = await ana(session).call("take_over_task", { ...args, new_objective: "another" });

    expect(again.asks).toBeUndefined();
    expect([again.structured["new_intent_id"], again.structured["files"]]).toEqual([first.structured["new_intent_id"], ["src/a.ts"]]);
    expect(other.structured["code"]).toBe("REQUEST_OTHER_CONTENT");
    expect(session.received).toEqual(["claim intent-bo"]);
  });
});
