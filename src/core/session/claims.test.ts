/** The claim machine: a row for each event, a cell for each state it can meet, and the rules that a table cannot say. */
import { describe, expect, it } from "vitest";
import type { ClaimId, IntentId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { acceptedOf, eventOf, files, gist, type Play, playWith, rejectionOf, signalbox, START_MS } from "./session.test.fixture.ts";

/** How long a claim waits before it is approved by itself, where nobody has to approve it. */
const GRACE_MS = 2_000;

type State = "none" | "PENDING" | "APPROVED" | "REJECTED" | "WITHDRAWN";

const GOVERNANCE = { compliance: "governance" };

const announce = (played: Play, principal: string, id: string, paths: readonly string[] = ["src/a.ts", "docs"], more: JsonObject = {}) =>
  played.says(principal, "INTENT_ANNOUNCE", { intent_id: id, objective: "o", scope: files(...paths), ...more });
const claim = (played: Play, principal = "bo", more: JsonObject = {}) =>
  played.says(principal, "INTENT_CLAIM", { claim_id: "k", original_intent_id: "i", new_intent_id: "n", ...more });
const word = (played: Play, principal: string, decision: string, more: JsonObject = {}) =>
  played.says(principal, "INTENT_CLAIM", { claim_id: "k", ...signalbox({ decision }), ...more });
const suspend = (played: Play) => played.gives({ type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 });
const intentOf = (played: Play, id: string) => played.state.intents.get(id as IntentId);
const stateOf = (played: Play, id = "k"): string => played.state.claims.get(id as ClaimId)?.state ?? "none";

/** ana's intent `i` is suspended; bo, cy and the owner dee are there. */
function orphaned(settings: JsonObject = {}): Play {
  const played = playWith(["ana", "bo", "cy"], settings);
  played.says("dee", "HELLO", { roles: ["owner"] });
  announce(played, "ana", "i");
  suspend(played);
  return played;
}

const GIVEN: Readonly<Record<State, (played: Play) => void>> = {
  none: () => undefined,
  PENDING: (played) => void claim(played),
  APPROVED(played) {
    claim(played);
    word(played, "dee", "approved");
  },
  REJECTED(played) {
    claim(played);
    word(played, "dee", "rejected");
  },
  WITHDRAWN(played) {
    claim(played);
    played.says("ana", "HELLO");
    suspend(played);
  },
};

type Cell = readonly [gives: string | readonly string[], becomes: State];
type Row = Readonly<Record<State, Cell>>;

const decided = (gives: Cell[0]): Pick<Row, "APPROVED" | "REJECTED" | "WITHDRAWN"> => ({
  APPROVED: [gives, "APPROVED"],
  REJECTED: [gives, "REJECTED"],
  WITHDRAWN: [gives, "WITHDRAWN"],
});

const TAKEN_OVER = ["ClaimDecided", "IntentEnded", "IntentAnnounced"];

const EVENTS: readonly {
  readonly name: string;
  readonly settings?: JsonObject;
  readonly when: (played: Play) => Cell[0];
  readonly row: Row;
}[] = [
  {
    name: "made",
    when: (played) => gist(claim(played)),
    row: { none: [["ClaimOpened"], "PENDING"], PENDING: ["standing", "PENDING"], ...decided("standing") },
  },
  {
    name: "made with other content",
    when: (played) => gist(claim(played, "bo", { objective: "mine" })),
    row: { none: [["ClaimOpened"], "PENDING"], PENDING: ["id/taken", "PENDING"], ...decided("id/taken") },
  },
  {
    name: "approved by an owner",
    when: (played) => gist(word(played, "dee", "approved")),
    row: { none: ["claim/unknown", "none"], PENDING: [TAKEN_OVER, "APPROVED"], ...decided("claim/not-pending") },
  },
  {
    name: "rejected by an owner",
    when: (played) => gist(word(played, "dee", "rejected")),
    row: { none: ["claim/unknown", "none"], PENDING: [["ClaimDecided"], "REJECTED"], ...decided("claim/not-pending") },
  },
  {
    name: "approved by somebody without authority",
    when: (played) => gist(word(played, "cy", "approved")),
    row: { none: ["claim/unknown", "none"], PENDING: ["principal/no-authority", "PENDING"], ...decided("claim/not-pending") },
  },
  {
    name: "given up by its claimer",
    when: (played) => gist(played.says("bo", "INTENT_WITHDRAW", { intent_id: "n" })),
    row: {
      none: ["intent/unknown", "none"],
      PENDING: [["ClaimDecided"], "WITHDRAWN"],
      APPROVED: [["IntentEnded"], "APPROVED"],
      REJECTED: ["intent/unknown", "REJECTED"],
      WITHDRAWN: ["intent/unknown", "WITHDRAWN"],
    },
  },
  {
    name: "given up by somebody else",
    when: (played) => gist(played.says("cy", "INTENT_WITHDRAW", { intent_id: "n" })),
    row: {
      none: ["intent/unknown", "none"],
      PENDING: ["intent/unknown", "PENDING"],
      APPROVED: ["intent/not-owner", "APPROVED"],
      REJECTED: ["intent/unknown", "REJECTED"],
      WITHDRAWN: ["intent/unknown", "WITHDRAWN"],
    },
  },
  {
    name: "waiting while its grace runs out",
    when: (played) => passing(played, GRACE_MS),
    row: { none: [[], "none"], PENDING: [TAKEN_OVER, "APPROVED"], ...decided([]) },
  },
  {
    name: "waiting while its grace runs out, where an approver is needed,",
    settings: GOVERNANCE,
    when: (played) => passing(played, GRACE_MS),
    row: { none: [[], "none"], PENDING: [[], "PENDING"], ...decided([]) },
  },
  {
    name: "waiting while its grace runs out, where the policy wants an approver,",
    settings: { liveness: { intent_claim_approval: "governance" } },
    when: (played) => passing(played, GRACE_MS),
    row: { none: [[], "none"], PENDING: [[], "PENDING"], ...decided([]) },
  },
  {
    name: "met by the owner's return",
    when: (played) => gist(played.says("ana", "HELLO")),
    row: {
      none: [["ParticipantJoined", "IntentRestored"], "none"],
      PENDING: [["ParticipantJoined", "IntentRestored", "ClaimDecided"], "WITHDRAWN"],
      APPROVED: [["ParticipantJoined"], "APPROVED"],
      REJECTED: [["ParticipantJoined", "IntentRestored"], "REJECTED"],
      WITHDRAWN: [["ParticipantJoined", "IntentRestored"], "WITHDRAWN"],
    },
  },
  {
    name: "about an intent whose time is over",
    settings: { ...GOVERNANCE, intent_ttl_sec: 600 },
    when: (played) => passing(played, 600_000).filter((type) => type !== "IntentEnded"),
    row: { none: [[], "none"], PENDING: [["ClaimDecided"], "REJECTED"], ...decided([]) },
  },
  {
    name: "about an intent that its owner takes back",
    when: (played) => gist(played.says("ana", "INTENT_WITHDRAW", { intent_id: "i" })),
    row: {
      none: [["IntentEnded"], "none"],
      PENDING: [["IntentEnded", "ClaimDecided"], "REJECTED"],
      APPROVED: ["intent/ended", "APPROVED"],
      REJECTED: [["IntentEnded"], "REJECTED"],
      WITHDRAWN: [["IntentEnded"], "WITHDRAWN"],
    },
  },
  {
    name: "left alone by its claimer who leaves",
    when: (played) => gist(played.says("bo", "GOODBYE")),
    row: {
      none: [["ParticipantLeft"], "none"],
      PENDING: [["ClaimDecided", "ParticipantLeft"], "WITHDRAWN"],
      APPROVED: [["IntentEnded", "ParticipantLeft"], "APPROVED"],
      REJECTED: [["ParticipantLeft"], "REJECTED"],
      WITHDRAWN: [["ParticipantLeft"], "WITHDRAWN"],
    },
  },
  {
    name: "left alone by its claimer who falls silent",
    when: (played) => gist(played.gives({ type: "ParticipantLapsed", principal: "bo", lastHeardAtMs: 0 })),
    row: {
      none: [["ParticipantLapsed"], "none"],
      PENDING: [["ParticipantLapsed", "ClaimDecided"], "WITHDRAWN"],
      APPROVED: [["ParticipantLapsed", "IntentSuspended"], "APPROVED"],
      REJECTED: [["ParticipantLapsed"], "REJECTED"],
      WITHDRAWN: [["ParticipantLapsed"], "WITHDRAWN"],
    },
  },
];

function passing(played: Play, ms: number): string[] {
  const before = played.records.length;
  played.pass(ms);
  return played.records.slice(before).flatMap(({ events }) => events.slice(0, -1).map(({ type }) => type));
}

const STATES = Object.keys(GIVEN) as State[];

describe.each(EVENTS)("a claim $name", ({ settings, when, row }) => {
  it.each(STATES.map((state) => ({ state, gives: row[state][0], becomes: row[state][1] })))(
    "that is $state gives $gives and is $becomes",
    ({ state, gives, becomes }) => {
      const played = orphaned(settings);
      GIVEN[state](played);

      const given = when(played);

      expect(given).toEqual(gives);
      expect(stateOf(played)).toBe(becomes);
      const pending = [...played.state.participants.values()].flatMap(({ claims }) => [...claims]);
      expect(pending).toEqual(becomes === "PENDING" ? ["k"] : []);
    },
  );
});

describe("only a suspended intent of another may be claimed", () => {
  it.each<[name: string, prepare: (played: Play) => void, by: string, code: string]>([
    ["one that is active", (played) => void played.says("ana", "HELLO"), "bo", "intent/not-suspended"],
    ["one that was withdrawn", (played) => void played.says("ana", "GOODBYE"), "bo", "intent/ended"],
    ["one that expired", (played) => played.pass(300_000), "bo", "intent/ended"],
    ["one that another claims", (played) => void claim(played, "cy", { claim_id: "earlier", new_intent_id: "m" }), "bo", "claim/taken"],
    [
      "one that was taken over",
      (played) => {
        claim(played, "cy", { claim_id: "earlier", new_intent_id: "m" });
        played.pass(GRACE_MS);
      },
      "bo",
      "claim/taken",
    ],
    ["one's own", () => undefined, "ana", "intent/suspended"],
  ])("not %s", (_, prepare, by, code) => {
    const played = orphaned();
    prepare(played);

    expect(gist(claim(played, by))).toBe(code);
  });

  it.each<[name: string, more: JsonObject, code: string]>([
    ["an intent that nobody knows", { original_intent_id: "nobody's" }, "intent/unknown"],
    ["an intent under another's name", { original_principal_id: "cy" }, "intent/unknown"],
    ["no intent", { original_intent_id: null }, "message/malformed"],
    ["an intent without a new one", { new_intent_id: null }, "message/malformed"],
    ["a new intent that stands", { new_intent_id: "i" }, "id/taken"],
    ["a new intent that somebody waits with", { new_intent_id: "w" }, "id/taken"],
    ["a wider scope", { scope: files("src", "docs") }, "scope/refused"],
    ["another scope", { scope: files("lib/x.ts") }, "scope/refused"],
    ["a scope outside the workspace", { scope: files("../x") }, "scope/refused"],
  ])("not by naming %s", (_, more, code) => {
    const played = orphaned();
    announce(played, "dee", "held", ["free.ts"]);
    announce(played, "cy", "w", ["free.ts"], signalbox({ on_overlap: "wait" }));

    const decision = claim(played, "bo", more);

    expect(gist(decision)).toBe(code);
    expect(stateOf(played)).toBe("none");
  });

  it("and who was faster is named", () => {
    const played = orphaned();
    claim(played, "cy", { claim_id: "earlier", new_intent_id: "m" });

    expect(rejectionOf(claim(played)).details).toEqual({ claim_id: "earlier", principal_id: "cy" });
  });
});

describe("the scope of a claim", () => {
  it.each<[name: string, more: JsonObject, scope: JsonObject]>([
    ["is the original's when none is named", {}, files("src/a.ts", "docs")],
    ["may be a part of it", { scope: files("./docs/guide.md") }, files("docs/guide.md")],
    ["may be named with the true owner", { original_principal_id: "ana", scope: files("docs") }, files("docs")],
  ])("%s", (_, more, scope) => {
    expect(eventOf(claim(orphaned(), "bo", more), "ClaimOpened").scope).toEqual(scope);
  });
});

describe("an approved claim", () => {
  it("transfers the intent, and the new one is active with a fence of its own and the default time to live", () => {
    const played = orphaned();
    claim(played, "bo", { objective: "go on", scope: files("docs") });
    played.pass(GRACE_MS);

    const events = played.records.at(-1)?.events ?? [];
    expect(events.slice(0, -1)).toEqual([
      { type: "ClaimDecided", claimId: "k", intentId: "i", newIntentId: "n", decision: "approved", dueAtMs: START_MS + GRACE_MS },
      { type: "IntentEnded", intentId: "i", state: "TRANSFERRED", reason: "claimed", supersededBy: "n" },
      {
        type: "IntentAnnounced",
        intentId: "n",
        principalId: "bo",
        objective: "go on",
        scope: files("docs"),
        fence: 2,
        ttlSec: 300,
        expiresAtMs: START_MS + GRACE_MS + 300_000,
        claimId: "k",
        contentHash: played.state.claims.get("k" as ClaimId)?.contentHash,
      },
    ]);
    expect([intentOf(played, "i")?.state, intentOf(played, "n")?.state]).toEqual(["TRANSFERRED", "ACTIVE"]);
  });

  it.each([true, false])("is renewed while there is work where the claim says so: %s", (renews) => {
    const played = orphaned();

    const opened = eventOf(claim(played, "bo", signalbox({ renews })), "ClaimOpened");
    played.pass(GRACE_MS);

    expect(["renews" in opened, intentOf(played, "n")?.renews]).toEqual([renews, renews]);
  });

  it("names who approved it", () => {
    const played = orphaned(GOVERNANCE);
    claim(played);

    expect(eventOf(word(played, "dee", "approved"), "ClaimDecided")).toMatchObject({ decision: "approved", approvedBy: "dee" });
  });

  it("is approved at once where the session gives no grace", () => {
    const played = orphaned({ liveness: { intent_claim_grace_period_sec: 0 } });

    claim(played);
    played.pass(0);

    expect([stateOf(played), intentOf(played, "n")?.state]).toEqual(["APPROVED", "ACTIVE"]);
  });

  it("leaves what was committed where it was", () => {
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i");
    played.says("ana", "OP_COMMIT", { op_id: "o", target: "src/a.ts", intent_id: "i" });
    suspend(played);
    claim(played);
    played.pass(GRACE_MS);

    expect(intentOf(played, "i")?.operations).toEqual(["o"]);
    expect(played.state.operations.get("o" as never)).toMatchObject({ state: "COMMITTED", intent: "i", principal: "ana" });
  });

  it("meets others as an announcement does that goes on: it is not locked out, and conflicts are opened", () => {
    const played = orphaned();
    announce(played, "cy", "c", ["docs/guide.md"], signalbox({ on_overlap: "proceed" }));
    claim(played);
    played.pass(GRACE_MS);

    const opened = (played.records.at(-1)?.events ?? []).filter(({ type }) => type === "ConflictOpened");
    expect(opened).toMatchObject([{ intents: ["n", "c"], principals: ["bo", "cy"] }]);
  });

  it("replaces the claimer's own intents over the same files, and ends what it deferred", () => {
    const played = orphaned();
    announce(played, "bo", "own", ["docs/guide.md"]);
    played.says("bo", "INTENT_DEFERRED", { deferral_id: "d" });
    claim(played);
    played.pass(GRACE_MS);

    expect(intentOf(played, "own")).toMatchObject({ state: "SUPERSEDED", supersededBy: "n" });
    expect(played.state.deferrals.size).toBe(0);
  });

  it("is rejected after all when its claimer has taken its new intent's id meanwhile", () => {
    const played = orphaned();
    claim(played);
    announce(played, "bo", "n", ["elsewhere.ts"]);
    played.pass(GRACE_MS);

    expect(stateOf(played)).toBe("REJECTED");
    expect(intentOf(played, "i")?.state).toBe("SUSPENDED");
    expect(played.records.at(-1)?.events[0]).toMatchObject({ decision: "rejected", reason: "new_intent_id_taken" });
  });

  it("is rejected after all when its claimer holds too many patterns by then", () => {
    const globs = (name: string) => Array.from({ length: 60 }, (_, index) => `${name}/${index}*`);
    const played = playWith(["ana", "bo"]);
    announce(played, "ana", "i", globs("w"));
    suspend(played);
    claim(played);
    for (const name of ["m", "n2", "o", "p"]) announce(played, "bo", name, globs(name));
    played.pass(GRACE_MS);

    expect(played.records.at(-1)?.events[0]).toMatchObject({ decision: "rejected", reason: "scope/refused" });
  });
});

describe("the id of the new intent of a claim", () => {
  const WAITS = signalbox({ on_overlap: "wait" });

  it.each<[name: string, take: (played: Play) => unknown]>([
    ["an announcement", (played) => gist(announce(played, "cy", "n", ["elsewhere.ts"]))],
    ["a place in the row", (played) => gist(announce(played, "cy", "n", ["held.ts"], WAITS))],
    ["another claim", (played) => gist(claim(played, "cy", { claim_id: "k2", original_intent_id: "e", new_intent_id: "n" }))],
  ])("is kept from %s of anybody else while the claim is pending", (_, take) => {
    const played = orphaned();
    announce(played, "dee", "held", ["held.ts"]);
    played.says("eve", "HELLO");
    announce(played, "eve", "e", ["lib.ts"]);
    played.gives({ type: "ParticipantLapsed", principal: "eve", lastHeardAtMs: 0 });
    claim(played);

    const given = take(played);
    played.pass(GRACE_MS);

    expect(given).toBe("id/taken");
    expect([stateOf(played), intentOf(played, "n")?.principal]).toEqual(["APPROVED", "bo"]);
  });

  it("is free again when nothing came of the claim", () => {
    const played = orphaned();
    claim(played);
    word(played, "dee", "rejected");

    expect(gist(announce(played, "cy", "n", ["elsewhere.ts"]))).toEqual(["IntentAnnounced"]);
  });
});

describe("the word about a claim", () => {
  it("is not the claimer's own, whatever its role", () => {
    const played = orphaned(GOVERNANCE);
    claim(played, "dee");

    expect(gist(word(played, "dee", "approved"))).toBe("principal/no-authority");
    expect(stateOf(played)).toBe("PENDING");
  });

  it("may be an arbiter's, and says why", () => {
    const played = orphaned(GOVERNANCE);
    played.says("eve", "HELLO", { roles: ["arbiter"] });
    claim(played);

    const decision = word(played, "eve", "rejected", { justification: "ana is back on Monday" });

    expect(eventOf(decision, "ClaimDecided")).toMatchObject({ decision: "rejected", reason: "ana is back on Monday" });
    expect(intentOf(played, "i")).toMatchObject({ state: "SUSPENDED", claim: undefined });
    expect(gist(claim(played, "cy", { claim_id: "k2", new_intent_id: "n2" }))).toEqual(["ClaimOpened"]);
  });

  it("comes from nobody in a governance session by itself, for as long as the intent lives", () => {
    const played = orphaned(GOVERNANCE);
    claim(played);
    played.pass(200_000);

    expect(stateOf(played)).toBe("PENDING");
  });
});

it("is withdrawn when the owner that handed over is back", () => {
  const played = playWith(["ana", "bo"]);
  announce(played, "ana", "i");
  played.says("ana", "GOODBYE", { intent_disposition: "transfer" });
  claim(played);

  const back = acceptedOf(played.says("ana", "HELLO"));

  expect(back).toContainEqual({
    type: "ClaimDecided",
    claimId: "k",
    intentId: "i",
    newIntentId: "n",
    decision: "withdrawn",
    reason: "original_owner_rejoined",
  });
  expect(intentOf(played, "i")?.state).toBe("ACTIVE");
});

it("waits for the owner once more after a gap in time", () => {
  const played = orphaned({ intent_ttl_sec: 7_200 });
  claim(played);
  played.skip(3_600_000);

  played.gives({ type: "Resumed", fromMs: START_MS });
  played.pass(89_999);
  const pending = stateOf(played);
  played.pass(1);

  expect([pending, stateOf(played)]).toEqual(["PENDING", "APPROVED"]);
});

it("waits after a gap for nobody who has left", () => {
  const played = playWith(["ana", "bo"], { intent_ttl_sec: 7_200 });
  announce(played, "ana", "i");
  played.says("ana", "GOODBYE", { intent_disposition: "transfer" });
  claim(played);
  played.skip(1_000);

  played.gives({ type: "Resumed", fromMs: START_MS });
  played.pass(GRACE_MS - 1_001);
  const pending = stateOf(played);
  played.pass(1);

  expect([pending, stateOf(played)]).toEqual(["PENDING", "APPROVED"]);
});

it("is remembered for a day after it was decided", () => {
  const played = orphaned();
  claim(played);
  word(played, "dee", "rejected");

  played.pass(86_399_999);
  expect(played.state.claims.size).toBe(1);
  played.pass(1);

  expect(played.state.claims.size).toBe(0);
});
