import { describe, expect, it } from "vitest";
import { OtherControl, SidecarUnavailable, TokenRefused, UpgradeRefused } from "./faults.ts";
import { explainRemote, readRemote, type Remote } from "./remote.ts";

const SECRET = "hush-0123456789";
const variables = (url?: string, session?: string, token?: string) => ({
  MPAC_COORDINATOR_URL: url,
  MPAC_SESSION_ID: session,
  MPAC_COORDINATOR_TOKEN: token,
});

describe("the variables of a coordinator elsewhere", () => {
  it.each([
    { name: "a session in the path", env: variables("wss://hub.example/session/team"), uri: "wss://hub.example/session/team" },
    { name: "a session of its own", env: variables("wss://hub.example", "team"), uri: "wss://hub.example/session/team" },
    { name: "both, which agree", env: variables("wss://hub.example/session/team/", "team"), uri: "wss://hub.example/session/team" },
    { name: "a path before the session", env: variables("ws://hub.example:81/a/session/team"), uri: "ws://hub.example:81/a/session/team" },
    { name: "a path and a session of its own", env: variables("wss://hub.example/a", "team"), uri: "wss://hub.example/a/session/team" },
    { name: "blanks around them", env: variables(" wss://hub.example ", " team ", " "), uri: "wss://hub.example/session/team" },
  ])("take $name", ({ env, uri }) => {
    expect(readRemote(env)).toEqual({ uri, sessionId: "team", token: undefined, inTheClear: false });
  });

  it.each([
    { name: "none", env: {}, is: undefined },
    { name: "empty ones", env: variables("", " ", ""), is: undefined },
  ])("are nothing when there are $name", ({ env, is }) => {
    expect(readRemote(env)).toBe(is);
  });

  it.each([
    {
      name: "a session without a coordinator",
      env: variables(undefined, "team"),
      says: /^MPAC_SESSION_ID is set and MPAC_COORDINATOR_URL is not/,
    },
    { name: "a token without a coordinator", env: variables(undefined, undefined, SECRET), says: /^MPAC_COORDINATOR_TOKEN is set and/ },
    { name: "no URL", env: variables("hub.example"), says: /is no URL/ },
    { name: "another protocol", env: variables("https://hub.example/session/team"), says: /is no wss:\/\/ or ws:\/\/ address/ },
    { name: "no session", env: variables("wss://hub.example/"), says: /names no session and MPAC_SESSION_ID is not set/ },
    { name: "two sessions", env: variables("wss://hub.example/session/team", "other"), says: /leave one of them out/ },
    { name: "an id that a URL cannot say", env: variables("wss://hub.example", "our team"), says: /not one that a URL can say/ },
    {
      name: "a secret as a user",
      env: variables(`wss://ana:${SECRET}@hub.example/session/team`),
      says: /goes into MPAC_COORDINATOR_TOKEN/,
    },
    { name: "a secret as a query", env: variables(`wss://hub.example/session/team?t=${SECRET}`), says: /goes into MPAC_COORDINATOR_TOKEN/ },
    {
      name: "a token of two words",
      env: variables("wss://hub.example/session/team", undefined, `Bearer ${SECRET}`),
      says: /write the token alone/,
    },
    {
      name: "a token of two lines",
      env: variables("wss://hub.example/session/team", undefined, `${SECRET}\n${SECRET}`),
      says: /write the token alone/,
    },
  ])("are refused with a sentence that repeats no secret: $name", ({ env, says }) => {
    const read = readRemote(env) as { refused: { code: string; message: string } };

    expect(read.refused.code).toBe("remote/unusable");
    expect(read.refused.message).toMatch(says);
    expect(read.refused.message).toMatch(/configuration of this MCP server/);
    expect(read.refused.message).not.toContain(SECRET);
  });

  it.each([
    ["ws://hub.example/session/team", SECRET, true],
    ["ws://hub.example/session/team", undefined, false],
    ["wss://hub.example/session/team", SECRET, false],
    ["ws://127.0.0.1:8766/session/team", SECRET, false],
    ["ws://[::1]:8766/session/team", SECRET, false],
    ["ws://localhost:8766/session/team", SECRET, false],
  ])("tell whether others can read the token: %s", (url, token, inTheClear) => {
    expect(readRemote(variables(url, undefined, token))).toMatchObject({ inTheClear });
  });
});

describe("why a coordinator elsewhere cannot be joined", () => {
  const remote: Remote = { uri: "wss://hub.example/session/team", sessionId: "team", token: SECRET, inTheClear: false };
  const fault = (code: string, message: string): Error => Object.assign(new Error(message), { code });
  const upgrade = (status: number, detail?: string) => new UpgradeRefused(remote.uri, status, detail);
  const refusedToken = (why: string) => new TokenRefused(remote, why);

  it.each([
    {
      name: "a token in HELLO",
      cause: refusedToken("no such token"),
      says: /refuses our token.*no such token.*set MPAC_COORDINATOR_TOKEN/,
      passing: false,
    },
    {
      name: "a token in the header",
      cause: refusedToken("HTTP status 401"),
      says: /refuses our token.*401.*set MPAC_COORDINATOR_TOKEN/,
      passing: false,
    },
    {
      name: "a name that it does not answer to",
      cause: upgrade(403, "the Host header names another"),
      says: /status 403.*\(the Host/,
      passing: false,
    },
    { name: "a token in the bare header", cause: upgrade(401), says: /refuses our token.*401.*set MPAC_COORDINATOR_TOKEN/, passing: false },
    { name: "another path", cause: upgrade(404), says: /status 404.*set MPAC_COORDINATOR_URL to a coordinator/, passing: false },
    { name: "a proxy with nothing behind it", cause: upgrade(502), says: /is not up \(HTTP status 502\)/, passing: true },
    {
      name: "no such host",
      cause: fault("ENOTFOUND", "getaddrinfo ENOTFOUND hub.example"),
      says: /cannot be reached \(getaddrinfo.*MPAC_COORDINATOR_URL/,
      passing: true,
    },
    { name: "several refused addresses", cause: fault("ECONNREFUSED", ""), says: /cannot be reached \(ECONNREFUSED\)/, passing: true },
    {
      name: "a certificate",
      cause: fault("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"),
      says: /not trusted.*NODE_EXTRA_CA_CERTS/,
      passing: false,
    },
    {
      name: "another release",
      cause: new OtherControl("the running sidecar is release 9", "stop it"),
      says: /release 9: bring both to the same release$/,
      passing: false,
    },
    {
      name: "a stranger",
      cause: new SidecarUnavailable("it is no Signalbox coordinator", { code: "connection/stranger" }),
      says: /MPAC_COORDINATOR_URL/,
      passing: false,
    },
    {
      name: "no such session",
      cause: new SidecarUnavailable("it closed the connection (4004)", { code: "connection/closed" }),
      says: /4004.*to a session that is there/,
      passing: false,
    },
    {
      name: "a restart",
      cause: new SidecarUnavailable("it closed the connection (1012)", { code: "connection/closed", passing: true }),
      says: /1012\)$/,
      passing: true,
    },
  ])("is one sentence that says what to set: $name", ({ cause, says, passing }) => {
    const told = explainRemote(remote, cause);

    expect(told.sentence).toMatch(says);
    expect(told.passing).toBe(passing);
    expect(told.sentence).not.toContain(SECRET);
  });

  it("says that a token is wanted when none is known", () => {
    const told = explainRemote({ ...remote, token: undefined }, refusedToken("HTTP status 401"));

    expect(told.sentence).toMatch(/wants a token for the session team/);
  });
});
