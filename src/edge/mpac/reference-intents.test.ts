/** The reference's suites about intents, played against our core: their lives, updates, claims, deferrals, the race lock. */
import { describe, expect, it } from "vitest";
import { files, type Play, playWith, signalbox } from "../../core/session/session.test.fixture.ts";
import type { DeferralId, PrincipalId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import {
  announce,
  BOTH,
  commit,
  conflictIn,
  errorOf,
  intentIn,
  joined,
  operationIn,
  propose,
  said,
  saidBy,
  SECOND,
  silence,
  statesOf,
} from "./reference-suites.test.fixture.ts";

const AUTH = ["src/auth.py"];
const participantIn = ({ state }: Play, id: string) => state.participants.get(id as PrincipalId);

describe("suites happy_path: two agents with nothing in common", () => {
  it("join, announce, propose and commit without a word of the coordinator", () => {
    const played = joined({ ana: "participant", bo: "participant" });

    announce(played, "ana", "a", ["src/main.py"]);
    announce(played, "bo", "b", ["src/utils.py"]);
    propose(played, "ana", "o", "a", "src/main.py");
    const between = operationIn(played, "o")?.state;
    commit(played, "ana", "o", "a", "src/main.py", { state_ref_before: "v1.0", state_ref_after: "v1.1" });

    expect(said(played)).toEqual([]);
    expect([...statesOf(played, "a", "b"), between]).toEqual(["ACTIVE", "ACTIVE", "PROPOSED"]);
    expect(operationIn(played, "o")).toMatchObject({ state: "COMMITTED", stateRefBefore: "v1.0", stateRefAfter: "v1.1" });
  });
});

describe("suites intent_expiry: an intent", () => {
  it("expires when its time is over, and not before", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH, { ttl_sec: 60 });

    played.pass(30 * SECOND);
    const early = statesOf(played, "a");
    played.pass(31 * SECOND);

    expect([early, statesOf(played, "a")]).toEqual([["ACTIVE"], ["EXPIRED"]]);
  });

  it.each<readonly [string, (played: Play) => void]>([
    ["expires", (played) => played.pass(61 * SECOND)],
    ["is withdrawn", (played) => void played.says("ana", "INTENT_WITHDRAW", { intent_id: "a", reason: "other plans" })],
  ])("that %s takes with it what is proposed under it, and not what is committed", (_, end) => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH, { ttl_sec: 60 });
    commit(played, "ana", "done", "a", "src/auth.py");
    propose(played, "ana", "planned", "a", "src/auth.py");

    const heard = saidBy(played, () => end(played));

    expect(statesOf(played, "done", "planned")).toEqual(["COMMITTED", "REJECTED"]);
    expect(heard.filter(({ type }) => type === "OP_REJECT")).toMatchObject([{ op_id: "planned", reason: "intent_terminated" }]);
  });

  it("that has ended takes no proposal: ours refuses the message instead of recording a rejected one", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH);
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" });

    const decision = propose(played, "ana", "o", "a", "src/auth.py");

    expect([errorOf(decision), operationIn(played, "o")]).toEqual(["INVALID_REFERENCE", undefined]);
  });

  it("without a time to live has the specification's 300 s, where the reference lets it live for ever", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH);

    played.pass(299 * SECOND);
    const early = statesOf(played, "a");
    played.pass(2 * SECOND);

    expect([early, statesOf(played, "a")]).toEqual([["ACTIVE"], ["EXPIRED"]]);
  });
});

describe("suites intent_update_claim: an update", () => {
  it("changes what an intent is for and how long it lives", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH, { ttl_sec: 60 });
    const before = { ...intentIn(played, "a") };

    played.says("ana", "INTENT_UPDATE", { intent_id: "a", objective: "work, second try" });
    played.says("ana", "INTENT_UPDATE", { intent_id: "a", ttl_sec: 300 });

    expect(intentIn(played, "a")).toMatchObject({ objective: "work, second try", ttlSec: 300 });
    expect(intentIn(played, "a")?.expiresAtMs).toBeGreaterThan(before.expiresAtMs ?? Infinity);
  });

  it("that grows onto another's scope opens one conflict, and no second one over the same", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", ["src/models.py"]);
    announce(played, "bo", "b", AUTH);
    const grow = (...paths: string[]) =>
      saidBy(played, () => played.says("ana", "INTENT_UPDATE", { intent_id: "a", scope: files(...paths) }));

    const first = grow("src/models.py", "src/auth.py");
    const second = grow("src/models.py", "src/auth.py", "src/views.py");

    expect([first.map(({ type }) => type), second]).toEqual([["CONFLICT_REPORT"], []]);
  });

  it("of another's intent changes nothing, and says so", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH);

    const decision = played.says("bo", "INTENT_UPDATE", { intent_id: "a", objective: "mine now" });

    expect([errorOf(decision), intentIn(played, "a")?.objective]).toEqual(["AUTHORIZATION_FAILED", "work"]);
  });
});

const CLAIM = { claim_id: "k", original_intent_id: "a", original_principal_id: "ana", new_intent_id: "b", objective: "go on" };
const claim = (played: Play, who = "bo", more: JsonObject = {}) =>
  played.says(who, "INTENT_CLAIM", { ...CLAIM, scope: files(...AUTH), justification: "she is away", ...more });

/** ana's intent is suspended with a proposal under it; bo and cy are there. */
function orphaned(settings: JsonObject = {}, roles: Readonly<Record<string, string>> = { ...BOTH, cy: "contributor" }): Play {
  const played = joined(roles, settings);
  announce(played, "ana", "a", AUTH);
  propose(played, "ana", "o", "a", "src/auth.py");
  silence(played, "ana");
  return played;
}

describe("suites intent_update_claim, intent_claim and v0110: a claim", () => {
  it("of suspended work is approved, and the work goes on under its new name", () => {
    const played = orphaned({ liveness: { intent_claim_grace_period_sec: 0 } });

    const heard = saidBy(played, () => {
      claim(played);
      played.pass(0);
    });

    expect(heard.find(({ type }) => type === "INTENT_CLAIM_STATUS")).toMatchObject({ claim_id: "k", decision: "approved" });
    expect(statesOf(played, "a", "b", "o")).toEqual(["TRANSFERRED", "ACTIVE", "ABANDONED"]);
    expect([intentIn(played, "b")?.principal, played.state.keptIds.size]).toEqual(["bo", 0]);
  });

  it("of work that nobody left is refused", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH);

    expect(errorOf(claim(played))).toBe("INVALID_REFERENCE");
  });

  it.each([
    { when: "the first waits", passed: 0 },
    { when: "the first was approved", passed: 3 * SECOND },
  ])("of somebody else while $when is CLAIM_CONFLICT", ({ passed }) => {
    const played = orphaned();
    claim(played);
    played.pass(passed);

    expect(errorOf(claim(played, "cy", { claim_id: "k2", new_intent_id: "c" }))).toBe("CLAIM_CONFLICT");
  });

  it("comes too late for work whose owner is back", () => {
    const played = orphaned();
    const away = statesOf(played, "a");

    played.says("ana", "HELLO", { roles: ["contributor"] });

    expect([away, statesOf(played, "a"), errorOf(claim(played))]).toEqual([["SUSPENDED"], ["ACTIVE"], "INVALID_REFERENCE"]);
  });

  it("in a governance session waits for an owner's word, which it names; the reference names one that it did not ask", () => {
    const played = orphaned({ compliance: "governance" }, { dee: "owner", ...BOTH });
    claim(played);
    played.pass(60 * SECOND);
    const between = statesOf(played, "a");

    const heard = saidBy(played, () => played.says("dee", "INTENT_CLAIM", { claim_id: "k", ...signalbox({ decision: "approved" }) }));

    expect([between, statesOf(played, "a", "b")]).toEqual([["SUSPENDED"], ["TRANSFERRED", "ACTIVE"]]);
    expect(heard).toMatchObject([{ type: "INTENT_CLAIM_STATUS", decision: "approved", approved_by: "dee" }]);
  });
});

describe("suites liveness: a participant", () => {
  it("is as it said in its last heartbeat", () => {
    const played = joined(BOTH);

    played.says("ana", "HEARTBEAT", { status: "working", active_intent_id: "a" });

    expect(participantIn(played, "ana")).toMatchObject({ presence: "available", status: "working", activeIntentId: "a" });
  });

  it("that falls silent is unavailable, which everybody hears; its intents are suspended and its proposals abandoned", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH);
    propose(played, "ana", "o", "a", "src/auth.py");

    const heard = saidBy(played, () => silence(played, "ana"));

    expect(heard[0]).toMatchObject({ error_code: "PARTICIPANT_UNAVAILABLE", refers_to: "ana" });
    expect([participantIn(played, "ana")?.presence, ...statesOf(played, "a", "o")]).toEqual(["unavailable", "SUSPENDED", "ABANDONED"]);
  });

  it("that is heard again has its intents back", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH);
    silence(played, "ana");

    played.says("ana", "HEARTBEAT", { status: "idle" });

    expect([participantIn(played, "ana")?.presence, ...statesOf(played, "a")]).toEqual(["available", "ACTIVE"]);
  });

  it("that said it is offline is not missed, until it joins again", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH);
    played.says("ana", "HEARTBEAT", { status: "offline" });
    silence(played, "ana");
    const quiet = [participantIn(played, "ana")?.presence, ...statesOf(played, "a")];

    played.says("ana", "HELLO", { roles: ["contributor"] });
    silence(played, "ana");

    expect([quiet, [participantIn(played, "ana")?.presence, ...statesOf(played, "a")]]).toEqual([
      ["available", "ACTIVE"],
      ["unavailable", "SUSPENDED"],
    ]);
  });

  it.each([
    { how: "withdraw", intent: "WITHDRAWN", operation: ["REJECTED", "ABANDONED"] },
    { how: "expire", intent: "ACTIVE", operation: ["ABANDONED"] },
  ])("that leaves with $how has its intent $intent", ({ how, intent, operation }) => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH, { ttl_sec: 120 });
    propose(played, "ana", "o", "a", "src/auth.py");

    played.says("ana", "GOODBYE", { reason: "user_exit", intent_disposition: how });

    expect([statesOf(played, "a"), participantIn(played, "ana")?.presence]).toEqual([[intent], "left"]);
    expect(operation).toContain(operationIn(played, "o")?.state);
  });

  it("that leaves ends nobody else's intents, whatever it names", () => {
    const played = joined(BOTH);
    announce(played, "ana", "a", AUTH);

    played.says("bo", "GOODBYE", { reason: "user_exit", active_intents: ["a"] });

    expect(statesOf(played, "a")).toEqual(["ACTIVE"]);
  });
});

const DB = "notes_app/db.py";
const plain = (played: Play, who: string, id: string, ...paths: string[]) =>
  played.says(who, "INTENT_ANNOUNCE", { intent_id: id, objective: "work", scope: files(...paths) });
const locked = (decision: ReturnType<Play["says"]>) => ("rejected" in decision ? decision.rejected : undefined);

describe("suite self_conflict_supersede: an announcement", () => {
  it("over one's own supersedes what was before, opens no conflict and is locked out by nothing", () => {
    const played = playWith(["dee"]);
    plain(played, "dee", "old", DB);

    const heard = saidBy(played, () => plain(played, "dee", "new", DB));

    expect(statesOf(played, "old", "new")).toEqual(["SUPERSEDED", "ACTIVE"]);
    expect([heard.map(({ type }) => type), played.state.conflicts.size]).toEqual([["INTENT_WITHDRAW"], 0]);
  });

  it("of another file leaves one's own as it is", () => {
    const played = playWith(["dee"]);
    plain(played, "dee", "a", "a.py");
    plain(played, "dee", "b", "b.py");

    expect(statesOf(played, "a", "b")).toEqual(["ACTIVE", "ACTIVE"]);
  });

  it("over another's file is STALE_INTENT, names what stands there now, and leaves no trace", () => {
    const played = playWith(["ana", "dee"]);
    plain(played, "dee", "orphan", DB);
    plain(played, "dee", "retry", DB);
    const { length } = played.records;

    const refused = plain(played, "ana", "a", DB);

    expect(errorOf(refused)).toBe("STALE_INTENT");
    expect(locked(refused)?.message).toMatch(/retry/);
    expect(locked(refused)?.message).not.toMatch(/orphan/);
    expect([statesOf(played, "a", "retry"), played.records.length, played.state.conflicts.size]).toEqual([
      [undefined, "ACTIVE"],
      length,
      0,
    ]);
  });

  it("of a file that another's changes reach is taken, with a word about it", () => {
    const played = playWith(["ana", "bo"]);
    const impact = { impact: ["notes_app/api.py", "notes_app/cli.py"] };
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "a", scope: { ...files(DB), extensions: impact } });

    const heard = saidBy(played, () => plain(played, "bo", "b", "notes_app/api.py"));

    expect(heard).toMatchObject([{ type: "CONFLICT_REPORT", category: "dependency_breakage" }]);
    expect(statesOf(played, "b")).toEqual(["ACTIVE"]);
  });

  it("of another file is taken, and of the same once its holder is done", () => {
    const played = playWith(["ana", "bo"]);
    plain(played, "ana", "a", DB);
    const [beside, early] = [plain(played, "bo", "x", "notes_app/auth.py"), plain(played, "bo", "b", DB)];

    played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" });

    expect([beside, early, plain(played, "bo", "b", DB)].map(errorOf)).toEqual([undefined, "STALE_INTENT", undefined]);
  });
});

const DEFERRAL = { deferral_id: "d", scope: files(DB), reason: "yielded_to_ana" };
const defer = (played: Play, more: JsonObject = {}) =>
  saidBy(played, () => played.says("bo", "INTENT_DEFERRED", { ...DEFERRAL, observed_intent_ids: ["a"], ...more }));
const deferralIn = ({ state }: Play) => state.deferrals.get("d" as DeferralId);

/** ana holds one file, cy another; bo is there. */
function atWork(): Play {
  const played = playWith(["ana", "bo", "cy"]);
  plain(played, "ana", "a", DB);
  plain(played, "cy", "c", "notes_app/api.py");
  return played;
}

describe("suite intent_deferred: a deferral", () => {
  it("is told to everybody, holds nothing and meets nothing", () => {
    const played = atWork();

    const heard = defer(played, { observed_principals: ["ana"], ttl_sec: 120 });

    expect(heard).toMatchObject([{ type: "INTENT_DEFERRED", principal_id: "bo", observed_intent_ids: ["a"], reason: "yielded_to_ana" }]);
    expect([deferralIn(played)?.principal, played.state.intents.size, conflictIn(played)]).toEqual(["bo", 2, undefined]);
  });

  it.each([
    { seen: "the intent that it names", more: {} },
    { seen: "the principal that it names", more: { observed_intent_ids: [], observed_principals: ["ana"] } },
    { seen: "a principal that it names among the intents", more: { observed_intent_ids: ["ana"] } },
  ])("is resolved when $seen is done", ({ more }) => {
    const played = atWork();
    defer(played, more);

    const heard = saidBy(played, () => played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" }));

    expect(heard).toMatchObject([{ type: "INTENT_DEFERRED", principal_id: "bo", status: "resolved" }]);
    expect(deferralIn(played)).toBeUndefined();
  });

  it("is resolved when its principal announces something after all", () => {
    const played = atWork();
    defer(played);

    const heard = saidBy(played, () => plain(played, "bo", "b", "other.py"));

    expect(heard).toMatchObject([{ status: "resolved", reason: "principal_announced" }]);
  });

  it("expires when its time is over", () => {
    const played = atWork();
    defer(played, { ttl_sec: 10 });

    expect(saidBy(played, () => played.pass(15 * SECOND))).toMatchObject([{ deferral_id: "d", status: "expired" }]);
  });

  it("of two intents stands until both are done", () => {
    const played = atWork();
    defer(played, { observed_intent_ids: ["a", "c"] });

    const first = saidBy(played, () => played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" }));
    const second = saidBy(played, () => played.says("cy", "INTENT_WITHDRAW", { intent_id: "c" }));

    expect([first, second.map(({ status }) => status)]).toEqual([[], ["resolved"]]);
  });

  it.each([
    { name: "all that it waits for is done", observed: ["a"], says: [undefined, "resolved"] },
    { name: "some of it is done", observed: ["a", "c"], says: [undefined] },
    { name: "it waits for nothing", observed: [], says: [undefined] },
  ])("that comes when $name says $says", ({ observed, says }) => {
    const played = atWork();
    played.says("ana", "INTENT_WITHDRAW", { intent_id: "a" });

    const heard = defer(played, { observed_intent_ids: observed });

    expect(heard.map(({ status }) => status)).toEqual(says);
    expect(heard.map(({ reason }) => reason)).toEqual(["yielded_to_ana", "observed_intents_terminated"].slice(0, says.length));
  });

  it.each([
    { category: undefined, says: "queue" },
    { category: "duplicate_yield", says: "duplicate_yield" },
    { category: "bananas", says: "queue" },
  ])("of the category $category is told as $says", ({ category, says }) => {
    expect(defer(atWork(), category === undefined ? {} : { category })).toMatchObject([{ category: says }]);
  });
});
