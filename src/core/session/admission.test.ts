/** What a proven identity changes: the roles somebody gets, whose a name is, and that no message counts twice. */
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { files, type Play, play, START_MS } from "./session.test.fixture.ts";
import { REMEMBERED_CREDENTIALS } from "./evolve/participants.ts";
import type { ProvenIdentity, SessionFacts } from "./verdict.ts";

const AUTHENTICATED = { profile: "authenticated" };
const POLICY: JsonObject = {
  default_role: "contributor",
  role_assignments: { bo: ["owner", "arbiter"], cy: ["arbiter"], dan: [] },
  role_constraints: {
    arbiter: { max_count: 1, allowed_principal_types: ["human", "agent"] },
    owner: { allowed_principal_types: ["human"] },
  },
};

const token = (fingerprint: string, roles?: readonly string[]): ProvenIdentity => ({
  method: "bearer_token",
  issuer: "token-table",
  fingerprint,
  ...(roles === undefined ? {} : { roles }),
});
const proven = (identity: ProvenIdentity, sentAtMs: number | null = START_MS): SessionFacts => ({ identity, sentAtMs });

const codeOf = (decision: object): string | undefined =>
  "rejected" in decision ? (decision.rejected as { readonly code: string }).code : undefined;

describe("the roles of a newcomer", () => {
  const open = { profile: "open" };
  it.each([
    { name: "are what it asks for in an open session", settings: open, who: "ana", asks: ["arbiter"], gets: ["arbiter"] },
    { name: "may be none in an open session", settings: open, who: "ana", asks: [], gets: [] },
    {
      name: "are the default where a policy names nobody",
      settings: { ...open, role_policy: POLICY },
      who: "ana",
      asks: ["arbiter"],
      gets: ["contributor"],
    },
    {
      name: "are those of the policy that were asked for",
      settings: { ...open, role_policy: POLICY },
      who: "cy",
      asks: ["arbiter", "x"],
      gets: ["arbiter"],
    },
    {
      name: "are not those that its kind may not have",
      settings: { ...open, role_policy: POLICY },
      who: "bo",
      asks: ["owner"],
      gets: ["contributor"],
    },
    {
      name: "are those of the first name of a family",
      settings: { ...open, role_policy: POLICY },
      who: "cy#2",
      asks: ["arbiter"],
      gets: ["arbiter"],
    },
    {
      name: "are the credential's before the policy's",
      settings: { ...AUTHENTICATED, role_policy: POLICY },
      who: "ana",
      asks: [],
      roles: ["owner"],
      gets: ["owner"],
    },
    {
      name: "are the policy's where the credential names none",
      settings: { ...AUTHENTICATED, role_policy: POLICY },
      who: "cy",
      asks: ["arbiter"],
      gets: ["arbiter"],
    },
    {
      name: "never come from a member of every object",
      settings: { ...open, role_policy: POLICY },
      who: "constructor",
      asks: ["owner"],
      gets: ["contributor"],
    },
  ])("$name", ({ settings, who, asks, roles, gets }) => {
    const played = play(settings as JsonObject);
    const facts = settings.profile === "open" ? {} : proven(token("t", roles));

    played.says(who, "HELLO", { roles: asks }, {}, facts);

    expect(played.state.participants.get(who as never)?.roles).toEqual(gets);
  });

  it.each([
    { name: "neither credential nor policy gives one", settings: AUTHENTICATED, roles: undefined },
    { name: "the credential gives none", settings: { ...AUTHENTICATED, role_policy: POLICY }, roles: [] },
  ])("are missing where $name, and then it does not join", ({ settings, roles }) => {
    const played = play(settings as JsonObject);

    expect(codeOf(played.says("ana", "HELLO", { roles: ["owner"] }, {}, proven(token("t", roles))))).toBe("principal/no-role");
    expect(played.state.participants.size).toBe(0);
  });

  it("are given to as many as the policy says, a place that was left goes to the next, and its holder keeps it", () => {
    const played = play({ role_policy: POLICY });
    const rolesOf = (who: string) => {
      played.says(who, "HELLO", { roles: ["arbiter"] });
      return played.state.participants.get(who as never)?.roles;
    };

    const [first, second, again] = [rolesOf("bo"), rolesOf("cy"), rolesOf("bo")];
    played.says("bo", "GOODBYE");

    expect([first, second, again]).toEqual([["arbiter"], ["contributor"], ["arbiter"]]);
    expect(rolesOf("cy")).toEqual(["arbiter"]);
  });
});

describe("who is nothing but an observer", () => {
  const looking = (...roles: string[]): Play => {
    const played = play();
    played.says("ana", "HELLO", { roles: ["contributor"] });
    played.says("cy", "HELLO", { roles });
    played.says("ana", "INTENT_ANNOUNCE", { intent_id: "i", scope: files("a.ts") });
    return played;
  };
  const announcement = { intent_id: "k", scope: files("b.ts") };
  const operation = { op_id: "o", target: "b.ts", state_ref_before: null, state_ref_after: null };

  it.each<readonly [ClientMessage["message_type"], JsonObject]>([
    ["INTENT_ANNOUNCE", announcement],
    ["INTENT_CLAIM", { claim_id: "c", original_intent_id: "i", new_intent_id: "k" }],
    ["OP_PROPOSE", operation],
    ["OP_COMMIT", operation],
    ["OP_BATCH_COMMIT", { batch_id: "b", operations: [operation] }],
    ["OP_SUPERSEDE", { op_id: "o", supersedes_op_id: "p", target: "b.ts" }],
  ])("says no %s", (type, payload) => {
    expect(codeOf(looking("observer").says("cy", type, payload))).toBe("principal/no-authority");
  });

  it("may report a conflict", () => {
    const decision = looking("observer").says("cy", "CONFLICT_REPORT", { conflict_id: "c", related_intents: ["i"] });

    expect("accepted" in decision).toBe(true);
  });

  it.each([[["observer", "contributor"]], [[]]])("is not who has the roles %j", (roles) => {
    expect("accepted" in looking(...roles).says("cy", "INTENT_ANNOUNCE", announcement)).toBe(true);
  });
});

describe("a name", () => {
  const [anas, bos] = [token("a", ["contributor"]), token("b", ["contributor"])];
  const join = (played: ReturnType<typeof play>, who: string, identity: ProvenIdentity) =>
    codeOf(played.says(who, "HELLO", {}, {}, proven(identity, played.nowMs)));

  it.each([
    { name: "is its bearer's again", who: "ana", identity: anas, gives: undefined },
    { name: "is not another bearer's", who: "ana", identity: bos, gives: "principal/other-credential" },
    { name: "of its family is not another bearer's", who: "ana#2", identity: bos, gives: "principal/other-credential" },
    { name: "of its family is its bearer's", who: "ana#2", identity: anas, gives: undefined },
    { name: "that is free is anybody's, however many names a bearer has", who: "cy", identity: anas, gives: undefined },
  ])("$name", ({ who, identity, gives }) => {
    const played = play(AUTHENTICATED);
    join(played, "ana", anas);
    played.says("ana", "GOODBYE", {}, {}, { sentAtMs: played.nowMs });

    expect(join(played, who, identity)).toBe(gives);
  });

  it("is not suggested in another form to whom no name of its family can belong", () => {
    const played = play(AUTHENTICATED);
    join(played, "ana", anas);

    const decision = played.says("ana", "HELLO", {}, {}, { ...proven(bos, played.nowMs), connected: ["ana"] });

    expect("rejected" in decision ? decision.rejected : decision).toEqual({
      code: "principal/other-credential",
      message: "ana belongs to another token in this session; join under another name",
    });
  });

  it("stays its bearer's when its participant has been forgotten", () => {
    const played = play(AUTHENTICATED);
    join(played, "ana", anas);
    played.says("ana", "GOODBYE", {}, {}, { sentAtMs: played.nowMs });
    played.pass(30 * 86_400_000);

    expect(played.state.participants.size).toBe(0);
    expect(join(played, "ana", bos)).toBe("principal/other-credential");
  });

  it("is forgotten before one that is in use, where there are very many", () => {
    const played = play(AUTHENTICATED);
    join(played, "ana", anas);
    for (let number = 0; number < REMEMBERED_CREDENTIALS; number += 1) played.state.credentials.set(`name${number}`, "x");
    join(played, "bo", bos);

    expect([...played.state.credentials.keys()].slice(0, 2)).toEqual(["ana", "name1"]);
  });
});

describe("a message where replays are kept out", () => {
  const joined = () => {
    const played = play(AUTHENTICATED);
    played.says("ana", "HELLO", {}, {}, proven(token("a", ["contributor"]), played.nowMs));
    return played;
  };
  const announce = (id: string, more: JsonObject = {}) => ({ intent_id: id, scope: { kind: "file_set", resources: [id] }, ...more });

  it.each([
    { name: "counts at its own time", apartMs: 0, gives: undefined },
    { name: "counts five minutes late", apartMs: -300_000, gives: undefined },
    { name: "counts five minutes early", apartMs: 300_000, gives: undefined },
    { name: "does not count later", apartMs: -300_001, gives: "message/replayed" },
    { name: "does not count earlier", apartMs: 300_001, gives: "message/replayed" },
  ])("$name", ({ apartMs, gives }) => {
    const played = joined();

    expect(codeOf(played.says("ana", "INTENT_ANNOUNCE", announce("i"), {}, { sentAtMs: played.nowMs + apartMs }))).toBe(gives);
  });

  it("does not count when its time cannot be read", () => {
    const decision = joined().says("ana", "INTENT_ANNOUNCE", announce("i"), {}, { sentAtMs: null });

    expect(decision).toMatchObject({ rejected: { code: "message/replayed", message: expect.stringContaining("RFC 3339") as string } });
  });

  it.each(["INTENT_ANNOUNCE", "HELLO"] as const)("as %s counts once, whoever sends it", (type) => {
    const played = joined();
    played.says("ana", "INTENT_ANNOUNCE", announce("i"), { message_id: "once" }, { sentAtMs: played.nowMs });
    const facts = { ...proven(token("a", ["contributor"]), played.nowMs) };

    expect(codeOf(played.says("ana", type, announce("j"), { message_id: "once" }, facts))).toBe("message/replayed");
  });

  it("that repeats a request is answered as before, however late", () => {
    const played = joined();
    const request = announce("i", { extensions: { signalbox: { request_id: "r" } } });
    const more = { message_id: "once" };
    played.says("ana", "INTENT_ANNOUNCE", request, more, { sentAtMs: played.nowMs });

    const repeat = played.says("ana", "INTENT_ANNOUNCE", request, more, { sentAtMs: played.nowMs - 400_000 });

    expect(repeat).toMatchObject({ standing: { result: { fence: 1 } } });
  });

  it("is remembered for as long as it could count again, and no longer", () => {
    const played = joined();
    played.says("ana", "INTENT_ANNOUNCE", announce("i"), { message_id: "early" }, { sentAtMs: played.nowMs + 300_000 });
    played.skip(600_000);
    const again = played.says("ana", "INTENT_ANNOUNCE", announce("j"), { message_id: "early" }, { sentAtMs: played.nowMs - 300_000 });
    played.skip(1);
    played.says("ana", "INTENT_ANNOUNCE", announce("k"), { message_id: "late" }, { sentAtMs: played.nowMs });

    expect(codeOf(again)).toBe("message/replayed");
    expect([...played.state.seenMessages.keys()]).toEqual(["late"]);
  });

  it("is not looked at in an open session", () => {
    const played = play();
    played.says("ana", "HELLO", {}, { message_id: "once" });

    expect(codeOf(played.says("ana", "INTENT_ANNOUNCE", announce("i"), { message_id: "once" }))).toBeUndefined();
    expect(played.state.seenMessages.size).toBe(0);
  });
});
