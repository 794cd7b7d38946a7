import { describe, expect, it } from "vitest";
import { files, type Play, playWith, signalbox } from "../../core/session/session.test.fixture.ts";
import type { IntentId, PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import type { Message } from "../../wire/mpac/messages.ts";
import { IntentAnswer, OverlapAnswer, SummaryAnswer } from "../../wire/query.ts";
import { NOTHING_OBSERVED } from "./observed-views.ts";
import { sessionInfo } from "./session-info.ts";
import { viewOneIntent, viewOverlap, viewSummary } from "./views.ts";

/** What a client of the original takes in one frame, with room for the frame's own members. */
const LIMIT_BYTES = 910_000;

const ANA = "ana" as PrincipalId;
const bytesOf = (answer: object) => Buffer.byteLength(JSON.stringify(answer));
const contextOf = ({ state, nowMs }: Play) => ({
  state,
  nowMs,
  workspaceDir: "/repo",
  lastWorkMs: () => undefined,
  sleptSince: () => 0,
  observations: NOTHING_OBSERVED,
  lastHeardMs: () => nowMs,
});
const summaryOf = (played: Play, more: { limit?: number; cursor?: string; paths?: string[] } = {}, asker?: PrincipalId) =>
  SummaryAnswer.parse(viewSummary(contextOf(played), { kind: "summary", ...more }, asker));
const numbered = (count: number, name: (index: number) => string) => Array.from({ length: count }, (_, index) => name(index));

function announce(played: Play, principal: string, id: string, resources: readonly string[], more: JsonObject = {}): void {
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, objective: "界".repeat(4096), scope: files(...resources), ...more });
}

/** As large as scopes may be: 24 tasks of ana's with 49 long paths each. */
function heavy(): Play {
  const played = playWith(["ana", "bo"]);
  for (const id of numbered(24, (index) => `i${index}`))
    announce(
      played,
      "ana",
      id,
      numbered(49, (nth) => `${id}/${nth}`.padEnd(4000, "界")),
    );
  return played;
}

function infoOf({ state }: Play, payload: JsonObject): JsonObject {
  const hello = { message_type: "HELLO", sender: { principal_id: "ana" }, payload } as unknown as Message<"HELLO">;
  return sessionInfo(
    state,
    { sessionId: "s", workspaceDir: "/repo", version: "0", control: 1 },
    { hello, revision: 7, identity: undefined, secret: undefined },
  );
}

function walked(played: Play, limit: number): string[] {
  const seen: string[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const page = summaryOf(played, cursor === undefined ? { limit } : { limit, cursor });
    seen.push(...page.active_intents.map((intent) => intent.intent_id));
    expect(bytesOf(page)).toBeLessThan(LIMIT_BYTES);
    cursor = page.next_cursor;
    more = cursor !== undefined;
  }
  return seen;
}

describe("a summary of very much", () => {
  it("fits into a frame, page by page, and leaves out no intent", () => {
    const played = heavy();

    expect(walked(played, 1000)).toEqual(numbered(24, (index) => `i${index}`));
    expect(summaryOf(played)).toMatchObject({ active_intent_count: 24, next_cursor: expect.any(String) });
  });

  it("names as many resources of an intent as there is room for, and says how many there are", () => {
    const played = playWith(["ana"]);
    announce(
      played,
      "ana",
      "many",
      numbered(150, (index) => `a/${index}`),
    );
    announce(
      played,
      "ana",
      "long",
      numbered(49, (index) => `b/${index}`.padEnd(4000, "x")),
    );
    announce(
      played,
      "ana",
      "all",
      numbered(100, (index) => `c/${index}`),
    );

    const [many, long, all] = summaryOf(played).active_intents.map((intent) => intent.scope);

    expect([many?.resources?.length, many?.resource_count]).toEqual([100, 150]);
    expect([long?.resources?.length, long?.resource_count]).toEqual([5, 49]);
    expect([all?.resources?.length, all?.resource_count]).toEqual([100, undefined]);
  });

  it("leaves out what a scope says at length beside its resources", () => {
    const played = playWith(["ana"]);
    const scope = { ...files("a"), extensions: { impact: "x".repeat(30_000) } };
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope });
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "k", scope: { ...files("b"), extensions: { impact: ["c"] } } });

    expect(summaryOf(played).active_intents.map((intent) => intent.scope)).toEqual([
      { kind: "file_set", truncated: true, resources: ["a"] },
      { kind: "file_set", extensions: { impact: ["c"] }, resources: ["b"] },
    ]);
  });

  it("names two hundred participants, the asker and the owners first, and counts them all", () => {
    const crowd = numbered(250, (index) => `p${index}`);
    const played = playWith([...crowd, "ana", "bo"]);
    announce(played, "bo", "i", ["a"]);

    const { participants, participant_count } = summaryOf(played, {}, ANA);

    expect(participants.map((one) => one.principal_id)).toEqual(["ana", "bo", ...crowd.slice(0, 198)]);
    expect(participant_count).toBe(252);
  });

  it("says of a conflict how far its freeze has gone, and which intent goes on meanwhile", () => {
    const played = playWith(["ana", "bo"], { race_lock: false, governance: { resolution_timeout_sec: 1, frozen_scope_phase_1_sec: 1 } });
    for (const [who, id, priority] of [
      ["ana", "i", "high"],
      ["bo", "k", "low"],
    ] as const)
      played.says(who, "INTENT_ANNOUNCE", { intent_id: id, scope: files("f"), priority });

    const views = [1_000, 1_000].map((ms) => {
      played.pass(ms);
      return summaryOf(played, {}, ANA).open_conflicts[0];
    });

    expect(views.map((view) => [view?.frozen_phase, view?.favoured])).toEqual([
      [1, undefined],
      [2, "i"],
    ]);
  });

  it("names two hundred conflicts, the asker's own first, and counts them all", () => {
    const played = playWith(["ana", "bo", "cy"], { race_lock: false });
    for (const part of numbered(3, String)) {
      for (const id of numbered(90, (index) => `b${part}-${index}`))
        played.says("bo", "INTENT_ANNOUNCE", { intent_id: id, scope: files(`${part}/${id}`) });
      played.says("cy", "INTENT_ANNOUNCE", { intent_id: `c${part}`, scope: files(part) });
    }
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("0/b0-1") });

    const { open_conflicts, open_conflict_count } = summaryOf(played, {}, ANA);

    expect(open_conflicts.map((one) => one.principal_a).slice(0, 3)).toEqual(["ana", "ana", "cy"]);
    expect([open_conflicts.length, open_conflict_count]).toEqual([200, 272]);
  });

  it("fits into a frame with everybody and every conflict described at length", () => {
    const crowd = numbered(200, (index) => `p${index}`);
    const played = playWith(crowd);
    for (const one of crowd) played.says(one, "HEARTBEAT", { status: "working", summary: "界".repeat(4096) });
    announce(played, "p0", "i", ["a"]);
    for (const id of numbered(200, (index) => `c${index}`)) {
      played.says("p1", "CONFLICT_REPORT", { conflict_id: id, related_intents: ["i"], description: "界".repeat(4096) });
    }

    const summary = summaryOf(played);

    expect(bytesOf(summary)).toBeLessThan(LIMIT_BYTES);
    expect(summary).toMatchObject({ participant_count: 200, open_conflict_count: 200 });
  });
});

it("goes through the intents in the order they were announced, also while some end", () => {
  const played = playWith(["ana"]);
  for (const id of ["z", "m", "a", "k"]) announce(played, "ana", id, [id]);
  const first = summaryOf(played, { limit: 2 });
  played.says("ana", "INTENT_WITHDRAW", { intent_id: "m" });

  const second = summaryOf(played, { limit: 2, cursor: first.next_cursor ?? "" });

  expect([first, second].map((page) => page.active_intents.map((intent) => intent.intent_id))).toEqual([
    ["z", "m"],
    ["a", "k"],
  ]);
  expect(second.next_cursor).toBeUndefined();
  expect(summaryOf(played, { paths: ["k", "z"], limit: 1 }).active_intents).toMatchObject([{ intent_id: "z" }]);
});

it.each([
  { name: "one that holds each file", held: [["src/a.ts", "src/b.ts", "c"]], own: ["i0"] },
  { name: "one that holds their folder", held: [["src"]], own: ["i0"] },
  { name: "two that hold one each", held: [["src/a.ts"], ["src/b.ts"]], own: ["i0", "i1"] },
  { name: "none that holds only a part", held: [["src/a.ts"]], own: undefined },
  { name: "none of somebody else's", held: [["src"]], own: undefined, asker: "bo" },
])("names the asker's own tasks where they hold all that is asked about: $name", ({ held, own, asker = "ana" }) => {
  const played = playWith(["ana", "bo"]);
  for (const [index, paths] of held.entries()) announce(played, "ana", `i${index}`, paths);

  const answer = viewOverlap(contextOf(played), { kind: "overlap", paths: ["src/a.ts", "src/b.ts"] }, asker as PrincipalId);

  expect(OverlapAnswer.parse(answer).own).toEqual(own);
});

describe("other answers about very much", () => {
  it("an overlap fits into a frame and counts all it met", () => {
    const played = heavy();
    const paths = [...numbered(24, (index) => `i${index}`), ...numbered(40, (nth) => `i0/${nth}`.padEnd(4000, "界"))];

    const answer = OverlapAnswer.parse(viewOverlap(contextOf(played), { kind: "overlap", paths }, undefined));

    expect(bytesOf(answer)).toBeLessThan(LIMIT_BYTES);
    expect(answer.total).toBe(24);
    expect(answer.overlaps[0]).toMatchObject({ intent_id: "i0", path_count: 41 });
  });

  it("one intent with thousands of operations fits into a frame: the last ones, those on the asked target first", () => {
    const played = playWith(["ana"]);
    announce(played, "ana", "i", ["a"]);
    const long = "x".repeat(4000);
    const commit = (id: string, target: string) => played.says("ana", "OP_COMMIT", { op_id: id, target, intent_id: "i" });
    commit("asked", "a/asked");
    for (const id of numbered(300, (index) => `o${index}`)) commit(id, `a/${long}`);

    const answer = IntentAnswer.parse(viewOneIntent(contextOf(played), { kind: "intent", intent_id: "i", target: "a/asked" }));

    expect(bytesOf(answer)).toBeLessThan(LIMIT_BYTES);
    expect(answer.intent?.operation_count).toBe(301);
    expect(answer.intent?.operations.map((one) => one.op_id)).toEqual(expect.arrayContaining(["o298", "o299", "asked"]));
    expect(played.state.intents.get("i" as IntentId)?.operations).toHaveLength(301);
  });
});

describe("what a newcomer is told", () => {
  it("fits into a frame, whatever it holds", () => {
    const info = infoOf(heavy(), signalbox({}));

    expect(bytesOf(info)).toBeLessThan(LIMIT_BYTES);
    expect(info).toMatchObject({ extensions: { signalbox: { intent_count: 24 } } });
  });

  it("are its last hundred intents and how many there are", () => {
    const played = playWith(["ana"]);
    for (const id of numbered(101, (index) => `i${index}`)) played.says("ana", "INTENT_ANNOUNCE", { intent_id: id, scope: files(id) });

    const told = infoOf(played, signalbox({})) as { extensions: { signalbox: { intents: { intent_id: string }[]; intent_count: number } } };

    const { intents, intent_count } = told.extensions.signalbox;
    expect([intents[0]?.intent_id, intents.at(-1)?.intent_id, intents.length, intent_count]).toEqual(["i1", "i100", 100, 101]);
  });

  it("is of our extension only when its HELLO carried it, be it empty", () => {
    const played = playWith(["ana"]);

    expect(infoOf(played, {})).not.toHaveProperty("extensions");
    expect(infoOf(played, signalbox({}))).toMatchObject({ extensions: { signalbox: { control: 1, revision: 7, intents: [] } } });
  });
});
