import { describe, expect, it } from "vitest";
import type { TokenTable } from "../../wire/token-table.ts";
import { createDoor } from "../http/door.ts";
import type { Peer } from "../http/peer.ts";
import { type Caller, callerOf, proofOf } from "./caller.ts";

const TABLE = {
  "ana-token": { allowed_sessions: ["red"], holder: "ana" },
  "bo-token": { allowed_sessions: ["red"] },
} as unknown as TokenTable;

const open = createDoor({ own: "own-token" });
const shut = createDoor({ own: "own-token", wantsOwn: true });
const tabled = createDoor({ own: "own-token", table: TABLE });

interface Shows {
  readonly authorization?: string;
  readonly principal?: string;
  readonly peer?: Peer;
}

const ask = (door: typeof open, { authorization, principal, peer = "same-user" }: Shows) =>
  callerOf(door, { authorization, principal, sessionId: "red", peer: () => Promise.resolve(peer) });

describe("whoever speaks to a bus", () => {
  it.each([
    { name: "shows nothing", door: open, shows: {}, is: { kind: "anybody" } },
    { name: "shows nothing, where no system tells users apart", door: open, shows: { peer: "unknown" }, is: { kind: "anybody" } },
    { name: "is another user of this machine", door: open, shows: { peer: "other-user" }, is: { status: 403 } },
    {
      name: "is another user, with the token of the discovery file",
      door: open,
      shows: { peer: "other-user", authorization: "Bearer own-token" },
      is: { kind: "own", principal: undefined },
    },
    {
      name: "is our bridge",
      door: open,
      shows: { authorization: "Bearer own-token", principal: "claude%3A%D0%BB@%2Fsrv" },
      is: { kind: "own", principal: "claude:л@/srv" },
    },
    {
      name: "names a principal that is empty",
      door: open,
      shows: { authorization: "Bearer own-token", principal: " " },
      is: { kind: "own" },
    },
    {
      name: "names a principal in no encoding",
      door: open,
      shows: { authorization: "Bearer own-token", principal: "%E9" },
      is: { status: 422 },
    },
    { name: "names a principal and shows no token", door: open, shows: { principal: "ana" }, is: { kind: "anybody" } },
    { name: "shows a token of yesterday", door: open, shows: { authorization: "Bearer yesterday" }, is: { status: 401 } },
    { name: "shows nothing at a shut door", door: shut, shows: {}, is: { status: 401 } },
    {
      name: "shows a token of the table",
      door: tabled,
      shows: { authorization: "Bearer ana-token" },
      is: { kind: "token", holder: "ana" },
    },
    {
      name: "shows one without a holder",
      door: tabled,
      shows: { authorization: "Bearer bo-token" },
      is: { kind: "token", holder: undefined },
    },
    { name: "shows nothing where there is a table", door: tabled, shows: {}, is: { status: 401 } },
  ] as const)("and $name is told apart", async ({ door, shows, is }) => {
    expect(await ask(door, shows)).toMatchObject(is);
  });
});

describe("a name", () => {
  const own = (principal?: string): Caller => ({ kind: "own", principal });
  const token = (fingerprint: string, holder?: string): Caller => ({ kind: "token", holder, fingerprint });
  /** `bo@/srv` joined with the credential `f-bo`. */
  const fingerprintsOf = (names: readonly string[]) =>
    Promise.resolve(new Map(names.filter((name) => name === "bo@/srv").map((name) => [name, "f-bo"])));

  it.each([
    { who: "anybody", caller: { kind: "anybody" }, name: "ana", gives: { proof: undefined } },
    { who: "a program of the user's own", caller: own(), name: "ana", gives: { proof: undefined } },
    { who: "its principal's bridge", caller: own("ana"), name: "ana", gives: { proof: { principal: "ana", by: "bridge" } } },
    { who: "the bridge of a name before it", caller: own("ana"), name: "ana/tests", gives: { proof: { principal: "ana", by: "bridge" } } },
    { who: "the bridge of a name that it begins with", caller: own("ana"), name: "anatol", gives: { status: 403 } },
    { who: "another's bridge", caller: own("bo"), name: "ana", gives: { status: 403 } },
    { who: "its holder", caller: token("f-ana", "ana"), name: "ana/x", gives: { proof: { principal: "ana", by: "token" } } },
    { who: "another holder", caller: token("f-ana", "ana"), name: "bo", gives: { status: 403 } },
    { who: "who joined under it", caller: token("f-bo"), name: "bo@/srv", gives: { proof: { principal: "bo@/srv", by: "token" } } },
    { who: "who joined under what is before it", caller: token("f-bo"), name: "bo@/srv/x/y", gives: { proof: { principal: "bo@/srv" } } },
    { who: "a holder who joined under it", caller: token("f-bo", "bo"), name: "bo@/srv", gives: { proof: { principal: "bo@/srv" } } },
    { who: "somebody else than who joined under it", caller: token("f-cy"), name: "bo@/srv", gives: { status: 403 } },
    { who: "somebody else than who joined under what is before it", caller: token("f-cy"), name: "bo@/srv/x", gives: { status: 403 } },
    { who: "a token that joined under nothing", caller: token("f-cy"), name: "dan", gives: { proof: undefined } },
  ] as const)("that $who uses is $gives", async ({ caller, name, gives }) => {
    expect(await proofOf(caller, name, "owner", fingerprintsOf)).toMatchObject(gives);
  });
});
