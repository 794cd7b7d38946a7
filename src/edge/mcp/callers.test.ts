import { describe, expect, it } from "vitest";
import type { TokenTable } from "../../wire/token-table.ts";
import { createDoor } from "../http/door.ts";
import type { Peer } from "../http/peer.ts";
import { type CallersOptions, createCallers } from "./callers.ts";
import type { Barred, Caller } from "./ports.ts";

const TABLE = {
  "ana-token": { allowed_sessions: ["red"], roles: ["owner"], holder: "ana" },
  "bo-token": { allowed_sessions: ["red", "blue"] },
  "cy-token": { allowed_sessions: ["*"], holder: "cy" },
} as unknown as TokenTable;

type Profile =
  | "open"
  | "open and shut"
  | "tables"
  | "hosted"
  | "hosted for a trial"
  | "hosted to read"
  | "open to nobody"
  | "open to everybody";

const DOORS = {
  own: createDoor({ own: "own-token" }),
  shut: createDoor({ own: "own-token", wantsOwn: true }),
  table: createDoor({ own: "own-token", table: TABLE }),
};

const PROFILES: Readonly<Record<Profile, readonly [door: keyof typeof DOORS, isHosted: boolean, wish?: boolean]>> = {
  open: ["own", false],
  "open and shut": ["shut", false],
  tables: ["table", false],
  hosted: ["table", true],
  "hosted for a trial": ["own", true],
  "hosted to read": ["table", true, true],
  "open to nobody": ["own", false, false],
  "open to everybody": ["own", false, true],
};

/** With nothing but what the row says. */
const made = (options: Partial<CallersOptions> & { readonly anonymousRead?: boolean | undefined }) =>
  createCallers({
    door: DOORS.own,
    signIn: { anonymousRead: options.anonymousRead, publicUrl: undefined, keys: undefined, issuer: undefined },
    isHosted: false,
    beganAtMs: 0,
    nowMs: () => 0,
    log: { warn: () => undefined },
    ...options,
  });

function callersIn(profile: Profile) {
  const [door, isHosted, anonymousRead] = PROFILES[profile];
  return made({ door: DOORS[door], isHosted, anonymousRead });
}

const asking = (headers: Record<string, string>) => new Request("http://127.0.0.1:4711/mcp", { method: "POST", headers });

/** What the row of a table says of a judgement. */
const told = (judged: Caller | Barred) =>
  "kind" in judged
    ? { is: judged.kind, name: judged.name ?? judged.principal, mayWrite: judged.mayWrite }
    : { status: judged.status, challenge: judged.headers["www-authenticate"] };

const BAD = 'Bearer realm="signalbox", error="invalid_token"';
const NONE = 'Bearer realm="signalbox"';
const anybody = { is: "anybody", name: undefined, mayWrite: false };
const own = { is: "own", name: undefined, mayWrite: true };

describe("whoever asks", () => {
  it.each<{ profile: Profile; shows?: string | undefined; peer?: Peer; principal?: string; gives: object }>([
    { profile: "open", gives: anybody },
    { profile: "open", peer: "unknown", gives: anybody },
    { profile: "open", peer: "other-user", gives: { status: 403 } },
    { profile: "open", peer: "other-user", shows: "Bearer own-token", gives: own },
    { profile: "open", shows: "Bearer own-token", gives: own },
    { profile: "open", shows: "bearer  own-token", gives: own },
    { profile: "open", shows: "Bearer own-token", principal: "claude%3A%D0%BB@%2Fsrv", gives: { ...own, name: "claude:л@/srv" } },
    { profile: "open", shows: "Bearer own-token", principal: " ", gives: own },
    { profile: "open", shows: "Bearer own-token", principal: "%E9", gives: { status: 400 } },
    { profile: "open", shows: "Bearer own-token", principal: "a".repeat(300), gives: { status: 400 } },
    { profile: "open", principal: "ana", gives: anybody },
    { profile: "open", shows: "Bearer yesterday", gives: { status: 401, challenge: BAD } },
    { profile: "open", shows: "Bearer", gives: { status: 401, challenge: NONE } },
    { profile: "open", shows: "Bearer own-token own-token", gives: { status: 401, challenge: NONE } },
    { profile: "open", shows: "Bearer own-token, Bearer own-token", gives: { status: 401, challenge: NONE } },
    { profile: "open", shows: "Basic b3duOm93bg==", gives: { status: 401, challenge: NONE } },
    { profile: "open", shows: "own-token", gives: { status: 401, challenge: NONE } },
    { profile: "open", shows: "", gives: { status: 401, challenge: NONE } },
    { profile: "open and shut", gives: { status: 401, challenge: NONE } },
    { profile: "open and shut", shows: "Bearer own-token", gives: own },
    { profile: "open to nobody", gives: { status: 401, challenge: NONE } },
    { profile: "open to nobody", shows: "Bearer own-token", gives: own },
    { profile: "open to everybody", peer: "other-user", gives: anybody },
    { profile: "tables", gives: { status: 401, challenge: NONE } },
    { profile: "tables", shows: "Bearer ana-token", gives: { is: "proven", name: "ana", mayWrite: true } },
    { profile: "tables", shows: "Bearer ana-token", principal: "bo", gives: { is: "proven", name: "ana", mayWrite: true } },
    { profile: "tables", shows: "Bearer own-token", gives: own },
    { profile: "hosted", gives: { status: 401, challenge: NONE } },
    { profile: "hosted", shows: "Bearer ana-token", gives: { is: "proven", name: "ana", mayWrite: true } },
    {
      profile: "hosted",
      shows: "Bearer bo-token",
      gives: { is: "proven", name: expect.stringMatching(/^mcp:[0-9a-f]{8}$/), mayWrite: true },
    },
    { profile: "hosted", shows: "Bearer ana-tokem", gives: { status: 401, challenge: BAD } },
    { profile: "hosted for a trial", gives: { status: 401, challenge: NONE } },
    { profile: "hosted for a trial", shows: "Bearer own-token", gives: own },
    { profile: "hosted to read", peer: "other-user", gives: anybody },
    { profile: "hosted to read", shows: "Bearer ana-tokem", gives: { status: 401, challenge: BAD } },
  ])(
    "with $shows as $principal from $peer where it is $profile is judged",
    async ({ profile, shows, peer = "same-user", principal, gives }) => {
      const headers = {
        ...(shows === undefined ? {} : { authorization: shows }),
        ...(principal === undefined ? {} : { "x-signalbox-principal": principal }),
      };

      const judged = await callersIn(profile).judge(asking(headers), new Uint8Array(), "red", {
        address: "127.0.0.1",
        peer: () => Promise.resolve(peer),
      });

      expect(told(judged)).toEqual({ challenge: undefined, ...gives, ...("is" in gives ? { challenge: undefined } : {}) });
      expect(JSON.stringify(judged)).not.toMatch(/(ana|bo|cy|own)-tok/);
    },
  );

  it("by a token for other sessions is told so and asked for no other", async () => {
    const judged = await callersIn("hosted").judge(asking({ authorization: "Bearer ana-token" }), new Uint8Array(), "blue");

    expect(judged).toMatchObject({ status: 403, why: expect.stringMatching(/not for this session/) as string, headers: {} });
  });
});

describe("the session of a path that names none", () => {
  it.each([
    { shows: "Bearer ana-token", gives: { found: "red" } },
    { shows: "Bearer bo-token", gives: { found: undefined } },
    { shows: "Bearer cy-token", gives: { found: undefined } },
    { shows: "Bearer own-token", gives: { found: undefined } },
    { shows: "Bearer dee-token", gives: { found: { status: 401, headers: { "www-authenticate": BAD } } } },
    { shows: "Basic YW5h", gives: { found: { status: 401, headers: { "www-authenticate": NONE } } } },
    { shows: undefined, gives: { found: { status: 401, headers: { "www-authenticate": NONE } } } },
  ])("is for $shows what it opens alone", async ({ shows, gives }) => {
    const found = await callersIn("hosted").sessionFor(asking(shows === undefined ? {} : { authorization: shows }));

    expect({ found }).toMatchObject(gives);
  });

  it("is asked for no faster than anything else with a token that nobody gave out", async () => {
    const callers = made({ door: DOORS.table, isHosted: true, rate: { perSecond: 1, burst: 2 } });
    const wire = { address: "192.0.2.1", peer: () => Promise.resolve("unknown" as const) };
    const guesses = ["one", "two", "three"].map((token) => callers.sessionFor(asking({ authorization: `Bearer ${token}` }), wire));

    expect(await Promise.all(guesses)).toMatchObject([{ status: 401 }, { status: 401 }, { status: 429 }]);
    expect(await callers.sessionFor(asking({ authorization: "Bearer ana-token" }), wire)).toBe("red");
  });

  it("is nobody's where everybody may read", async () => {
    expect(await callersIn("hosted to read").sessionFor(asking({}))).toBeUndefined();
  });
});

it("lets a stream stay for as long as its token opens the session", async () => {
  const door = createDoor({ own: "own-token", table: TABLE });
  const callers = made({ door, anonymousRead: true });
  const by = async (shows: string | undefined) =>
    (await callers.judge(asking(shows === undefined ? {} : { authorization: shows }), new Uint8Array(), "red")) as Caller;
  const [ana, bo, own, anybody] = await Promise.all(["Bearer ana-token", "Bearer bo-token", "Bearer own-token", undefined].map(by));
  const stay = () => [ana, bo, own, anybody].map((caller) => callers.stillHolds(caller as Caller, "red"));
  const before = stay();

  door.renew({ "bo-token": TABLE["bo-token"] } as TokenTable);

  expect([before, stay()]).toEqual([
    [true, true, true, true],
    [false, true, true, true],
  ]);
});

it("says how to sign in to whoever writes and may only read", async () => {
  const callers = callersIn("open");
  const caller = (await callers.judge(asking({}), new Uint8Array(), "red")) as Caller;

  expect(callers.barredFromWriting(caller, asking({}))).toEqual({
    status: 401,
    why: callers.howToSignIn,
    headers: { "www-authenticate": NONE },
  });
});

describe("the rate", () => {
  function limited() {
    let nowMs = 0;
    const callers = made({ door: DOORS.table, anonymousRead: true, rate: { perSecond: 1, burst: 2 }, nowMs: () => nowMs });
    const from = async (shows: string | undefined, address = "192.0.2.1") => {
      const wire = { address, peer: () => Promise.resolve("other-user" as const) };
      const judged = await callers.judge(asking(shows === undefined ? {} : { authorization: shows }), new Uint8Array(), "red", wire);
      return "kind" in judged
        ? 200
        : judged.headers["retry-after"] === undefined
          ? judged.status
          : [judged.status, judged.headers["retry-after"]];
    };
    return { callers, from, pass: (ms: number) => (nowMs += ms) };
  }
  const often = async (times: number, ask: () => Promise<unknown>) => {
    const answers = [];
    for (let time = 0; time < times; time += 1) answers.push(await ask());
    return answers;
  };

  it("is each credential's own, wherever it comes from, and comes back", async () => {
    const { from, pass } = limited();

    expect(await often(4, () => from("Bearer ana-token"))).toEqual([200, 200, [429, "1"], [429, "1"]]);
    expect(await from("Bearer ana-token", "192.0.2.2")).toEqual([429, "1"]);
    expect(await from("Bearer bo-token")).toBe(200);
    pass(1_000);
    expect(await often(2, () => from("Bearer ana-token"))).toEqual([200, [429, "1"]]);
  });

  it("is one for all of an address that nobody knows, whatever they show", async () => {
    const { from } = limited();

    expect([await from(undefined), await from("Bearer wrong"), await from("Bearer wronger"), await from(undefined)]).toEqual([
      200,
      401,
      [429, "1"],
      [429, "1"],
    ]);
    expect([await from("Bearer ana-token"), await from(undefined, "192.0.2.2")]).toEqual([200, 200]);
  });

  it("counts each message of an array", async () => {
    const { callers, from, pass } = limited();
    const ana = (await callers.judge(asking({ authorization: "Bearer ana-token" }), new Uint8Array(), "red")) as Caller;
    const bo = (await callers.judge(asking({ authorization: "Bearer bo-token" }), new Uint8Array(), "red")) as Caller;

    expect([callers.barredByNumber(ana, 2), callers.barredByNumber(ana, 1), callers.barredByNumber(bo, 0)]).toMatchObject([
      { status: 429 },
      undefined as never,
      undefined as never,
    ]);
    expect([await from("Bearer ana-token"), await from("Bearer bo-token")]).toEqual([[429, "1"], 200]);
    pass(1_000);
    expect(await from("Bearer ana-token")).toBe(200);
  });

  it("does not hold this machine's own user back", async () => {
    const { from } = limited();

    expect(new Set(await often(20, () => from("Bearer own-token")))).toEqual(new Set([200]));
  });
});
