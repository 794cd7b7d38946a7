import { describe, expect, it } from "vitest";
import { readTokenTable, type TokenTable } from "../../wire/token-table.ts";
import { createDoor } from "./door.ts";

const TABLE = {
  "ana-token": { allowed_sessions: ["red"], roles: ["owner"] },
  "bo-token": { allowed_sessions: ["red", "blue"] },
  "cy-token": { allowed_sessions: ["*"], roles: [] },
} as unknown as TokenTable;

const door = createDoor({ table: TABLE, own: "own-token" });
const bearer = (value: unknown) => ({ type: "bearer_token", value });

describe("a credential", () => {
  it.each([
    {
      name: "is known by its token, with the roles of its entry",
      shows: bearer("ana-token"),
      at: "red",
      gives: { admitted: { roles: ["owner"] } },
    },
    {
      name: "leaves the roles open where its entry does",
      shows: bearer("bo-token"),
      at: "blue",
      gives: { admitted: { method: "bearer_token" } },
    },
    { name: "for any session opens each", shows: bearer("cy-token"), at: "green", gives: { admitted: { roles: [] } } },
    { name: "keeps its type", shows: { type: "api_key", value: "bo-token" }, at: "red", gives: { admitted: { method: "api_key" } } },
    {
      name: "of a type that nobody knows is custom",
      shows: { type: "bo-token", value: "bo-token" },
      at: "red",
      gives: { admitted: { method: "custom" } },
    },
    { name: "without a type is a bearer token", shows: { value: "bo-token" }, at: "red", gives: { admitted: { method: "bearer_token" } } },
    {
      name: "for another session is refused",
      shows: bearer("ana-token"),
      at: "blue",
      gives: { refused: expect.stringMatching(/not for this session/) as string },
    },
    {
      name: "that nobody gave out is refused",
      shows: bearer("ana-tokem"),
      at: "red",
      gives: { refused: expect.stringMatching(/not known here/) as string },
    },
    {
      name: "that begins like another is refused",
      shows: bearer("ana-tok"),
      at: "red",
      gives: { refused: expect.stringMatching(/not known here/) as string },
    },
    {
      name: "that names a member of every object is refused",
      shows: bearer("toString"),
      at: "red",
      gives: { refused: expect.stringMatching(/not known here/) as string },
    },
    {
      name: "that is missing is asked for",
      shows: undefined,
      at: "red",
      gives: { refused: expect.stringMatching(/a credential is needed/) as string },
    },
    {
      name: "that is null is asked for",
      shows: null,
      at: "red",
      gives: { refused: expect.stringMatching(/a credential is needed/) as string },
    },
    {
      name: "without a value is refused",
      shows: { type: "bearer_token" },
      at: "red",
      gives: { refused: expect.stringMatching(/no value/) as string },
    },
    {
      name: "whose value is no text is refused",
      shows: bearer(["ana-token"]),
      at: "red",
      gives: { refused: expect.stringMatching(/no value/) as string },
    },
    {
      name: "that is a certificate is refused",
      shows: { type: "x509_chain", value: "ana-token" },
      at: "red",
      gives: { refused: expect.stringMatching(/cannot be verified/) as string },
    },
    {
      name: "that says itself that it has expired is refused",
      shows: { type: "bearer_token", value: "ana-token", expires_at: "2026-01-01T00:00:00Z" },
      at: "red",
      gives: { refused: expect.stringMatching(/has expired/) as string },
    },
    {
      name: "is known until then, and by an end that nobody can read",
      shows: { type: "bearer_token", value: "ana-token", expires_at: "soon" },
      at: "red",
      gives: { admitted: { method: "bearer_token" } },
    },
  ])("$name", ({ shows, at, gives }) => {
    const admission = door.admit(shows, at);

    expect(admission).toMatchObject(gives);
    expect(JSON.stringify(admission)).not.toMatch(/(ana|bo|cy)-tok/);
  });

  it("is told from others by a fingerprint that is the same in the next process", () => {
    const fingerprint = (value: string, from = door) =>
      (from.admit(bearer(value), "red") as { admitted: { fingerprint: string } }).admitted;

    expect(fingerprint("bo-token")).toEqual(fingerprint("bo-token", createDoor({ table: TABLE, own: "another" })));
    expect(fingerprint("bo-token").fingerprint).not.toBe(fingerprint("ana-token").fingerprint);
    expect([door.knows(fingerprint("bo-token").fingerprint, "red"), door.knows(fingerprint("bo-token").fingerprint, "nowhere")]).toEqual([
      true,
      false,
    ]);
    expect(createDoor({ own: "another" }).knows(fingerprint("bo-token").fingerprint, "red")).toBe(false);
  });
});

describe("the sessions of a header", () => {
  it.each([
    { header: "Bearer ana-token", gives: ["red"] },
    { header: "bearer  bo-token", gives: ["red", "blue"] },
    { header: "Bearer cy-token", gives: ["*"] },
    { header: "Bearer own-token", gives: ["*"] },
    { header: "Bearer ana-tokem", gives: undefined },
    { header: "Bearer ana-token, Bearer ana-token", gives: undefined },
    { header: "Basic ana-token", gives: undefined },
    { header: "", gives: undefined },
  ])("are for $header those that its token opens", ({ header, gives }) => {
    expect(door.sessionsOf(header)).toEqual(gives === undefined ? undefined : new Set(gives));
  });

  it("are told from a token that nobody gave out, when it is brought to another one", () => {
    expect([door.admitHeader("Bearer ana-token", "blue"), door.admitHeader("Bearer ana-tokem", "blue")]).toMatchObject([
      { isKnown: true },
      { refused: expect.stringMatching(/not known here/) as string },
    ]);
  });
});

it("a token that is changed is its holder's as before", () => {
  const entry = { allowed_sessions: ["red"], holder: "ana" };
  const table = { old: entry, new: entry, other: { allowed_sessions: ["red"] } } as unknown as TokenTable;
  const changed = createDoor({ table, own: "own-token" });
  const [before, after, other] = ["old", "new", "other"].map((token) => changed.admit(bearer(token), "red"));

  const whose = (admission: object | undefined) => ({ ...admission, stands: undefined });
  expect(whose(after)).toEqual(whose(before));
  expect(whose(other)).not.toEqual(whose(before));
});

describe("the header of a handshake", () => {
  it.each([
    { header: "Bearer bo-token", gives: { admitted: { method: "bearer_token" } } },
    { header: "bearer bo-token", gives: { admitted: { method: "bearer_token" } } },
    { header: "Bearer own-token", gives: { admitted: "own" } },
    { header: "Bearer nobody's", gives: { refused: expect.any(String) as string } },
  ])("$header is judged", ({ header, gives }) => {
    expect(door.admitHeader(header, "red")).toMatchObject(gives);
  });

  it.each([undefined, "", "Bearer", "Basic bo-token", "bo-token"])("%s says nothing", (header) => {
    expect(door.admitHeader(header, "red")).toBeUndefined();
  });
});

describe("a table of tokens", () => {
  it.each([
    { name: "that is not JSON", text: '{"ana-token": ', says: "it is not JSON" },
    { name: "that is a list", text: '["ana-token"]', says: "it is not a JSON object" },
    { name: "that is empty", text: "{}", says: "it has no entry, so nobody could join" },
    {
      name: "with an entry that is no object",
      text: '{"t":{"allowed_sessions":["s"]},"ana-token":"red"}',
      says: /^entry 2: it is not an object/,
    },
    { name: "without sessions", text: '{"ana-token":{"roles":[]}}', says: /^entry 1: allowed_sessions: / },
    { name: "with a session that is none", text: '{"ana-token":{"allowed_sessions":[7]}}', says: /^entry 1: allowed_sessions\.0: / },
    { name: "with a role that is none", text: '{"ana-token":{"allowed_sessions":["s"],"roles":"owner"}}', says: /^entry 1: roles: / },
    { name: "one level too deep", text: '{"tokens":{"ana-token":{"allowed_sessions":["s"]}}}', says: /^entry 1: / },
    {
      name: "with a member that would be passed over",
      text: '{"ana-token":{"allowed_sessions":["s"],"ana-token2":1}}',
      says: /nothing else/,
    },
    { name: "with a token that no header can say", text: '{" ana-token":{"allowed_sessions":["s"]}}', says: /^the token of entry 1 / },
  ])("$name is refused without a word of any token", ({ text, says }) => {
    const read = readTokenTable(text);

    expect("flaw" in read && read.flaw).toMatch(says);
    expect(JSON.stringify(read)).not.toContain("ana-token");
  });

  it("may name a token as a member of every object is called", () => {
    const read = readTokenTable('{"__proto__":{"allowed_sessions":["red"]}}');

    expect("table" in read && Object.keys(read.table)).toEqual(["__proto__"]);
  });
});

describe("a token that was let in", () => {
  const held = (table: object): TokenTable => table as TokenTable;

  it.each([
    { name: "while it is given out", next: { "ana-1": { allowed_sessions: ["red"], holder: "ana" } }, stands: true, known: true },
    { name: "not when it is gone", next: {}, stands: false, known: false },
    { name: "not when it is for other sessions now", next: { "ana-1": { allowed_sessions: ["blue"] } }, stands: false, known: false },
    {
      name: "not when it is somebody else's now, though its holder has another",
      next: { "ana-1": { allowed_sessions: ["red"], holder: "bo" }, "ana-2": { allowed_sessions: ["red"], holder: "ana" } },
      stands: false,
      known: true,
    },
    {
      name: "not by another of its holder, whose names stay the same",
      next: { "ana-2": { allowed_sessions: ["red"], holder: "ana" } },
      stands: false,
      known: true,
    },
  ])("stands $name", ({ next, stands, known }) => {
    const one = createDoor({ table: held({ "ana-1": { allowed_sessions: ["red"], holder: "ana" } }), own: "own-token" });
    const admission = one.admit(bearer("ana-1"), "red");
    if ("refused" in admission || admission.admitted === "own") throw new Error("she was not let in");

    one.renew(held(next));

    expect([admission.stands?.(), one.knows(admission.admitted.fingerprint, "red")]).toEqual([stands, known]);
  });
});
