import { describe, expect, it } from "vitest";
import { MAX_URI_LENGTH, type McpCommand } from "../../wire/mcp-sessions.ts";
import { type EngineCommand, UnknownEvent } from "../aggregate.ts";
import { mcp } from "./mcp.ts";
import { closes, detailsOf, expires, hashed, opens, play, subscribes, unsubscribes } from "./mcp.test.fixture.ts";

type Said = McpCommand | EngineCommand;

const lanes = "signalbox://lanes";
const reopened: Said = { type: "Opened", session: "s", settings: {} };
const open = [opens("ana")];
const subscribed = [...open, subscribes("ana", lanes)];
const closed = [...subscribed, closes("ana")];
const full = [...open, opens("bo")];
const uris = (count: number) => Array.from({ length: count }, (_, index) => subscribes("ana", `signalbox://file/${index}`));

describe("an MCP session", () => {
  it.each<{ name: string; given: Said[]; when: Said; gives: string }>([
    { name: "opens", given: [], when: opens("ana"), gives: "SessionOpened" },
    { name: "opens under an id that is open", given: open, when: opens("ana"), gives: "id/taken" },
    { name: "opens under an id that was closed", given: closed, when: opens("ana"), gives: "SessionOpened" },
    { name: "opens where as many are open as may be", given: full, when: opens("cy"), gives: "mcp/too-many-sessions" },
    { name: "opens where one of those was closed", given: [...full, closes("bo")], when: opens("cy"), gives: "SessionOpened" },
    { name: "opens where one of those expired", given: [...full, expires("bo")], when: opens("cy"), gives: "SessionOpened" },
    { name: "opens after a restart", given: [...open, reopened], when: opens("bo"), gives: "SessionOpened" },

    { name: "subscribes", given: open, when: subscribes("ana", lanes), gives: "Subscribed" },
    { name: "subscribes to the same again", given: subscribed, when: subscribes("ana", lanes), gives: "standing" },
    { name: "subscribes to what another has", given: [...subscribed, opens("bo")], when: subscribes("bo", lanes), gives: "Subscribed" },
    { name: "subscribes after a restart", given: [...open, reopened], when: subscribes("ana", lanes), gives: "Subscribed" },
    { name: "subscribes once closed", given: closed, when: subscribes("ana", lanes), gives: "mcp/unknown-session" },
    { name: "subscribes and was never opened", given: [], when: subscribes("ana", lanes), gives: "mcp/unknown-session" },
    {
      name: "subscribes to one more than it may",
      given: [...open, ...uris(3)],
      when: subscribes("ana", lanes),
      gives: "mcp/too-many-subscriptions",
    },
    {
      name: "subscribes where it gave one up",
      given: [...open, ...uris(3), unsubscribes("ana", "signalbox://file/0")],
      when: subscribes("ana", lanes),
      gives: "Subscribed",
    },
    { name: "subscribes to the longest URI", given: open, when: subscribes("ana", "x".repeat(MAX_URI_LENGTH)), gives: "Subscribed" },
    {
      name: "subscribes to a longer URI",
      given: open,
      when: subscribes("ana", "x".repeat(MAX_URI_LENGTH + 1)),
      gives: "message/malformed",
    },

    { name: "unsubscribes", given: subscribed, when: unsubscribes("ana", lanes), gives: "Unsubscribed" },
    { name: "unsubscribes from what it has not", given: open, when: unsubscribes("ana", lanes), gives: "standing" },
    { name: "unsubscribes once closed", given: closed, when: unsubscribes("ana", lanes), gives: "standing" },

    { name: "is closed", given: subscribed, when: closes("ana"), gives: "SessionClosed" },
    { name: "is closed again", given: closed, when: closes("ana"), gives: "standing" },
    { name: "expires", given: open, when: expires("ana"), gives: "SessionClosed" },
    { name: "expires once closed", given: closed, when: expires("ana"), gives: "standing" },

    { name: "is not at stake when time passed unheard", given: open, when: { type: "Resumed", fromMs: 0 }, gives: "standing" },
    { name: "has nothing that falls due", given: open, when: { type: "Tick" }, gives: "standing" },
    {
      name: "does not take part, and so does not lapse",
      given: open,
      when: { type: "ParticipantLapsed", principal: "ana", lastHeardAtMs: 0 },
      gives: "standing",
    },
  ])("$name: $gives", ({ given, when, gives }) => {
    const theirs = play({ capacity: 2, subscriptions: 3 });
    for (const command of given) theirs.says(command);

    expect(theirs.says(when)).toBe(gives);
  });

  it("is remembered over a restart with everything that a server is made of, and its subscriptions", () => {
    const theirs = play();
    for (const command of [...subscribed, subscribes("ana", "signalbox://board"), unsubscribes("ana", lanes), reopened])
      theirs.says(command);

    expect([...theirs.state.sessions.values()]).toEqual([
      { idHash: hashed("ana"), ...detailsOf("ana"), openedAtMs: 2, subscriptions: new Set(["signalbox://board"]) },
    ]);
    expect(theirs.state).toMatchObject({ id: "s", epoch: 2 });
  });

  it("is not altered under whoever was given it", () => {
    const theirs = play();
    theirs.says(opens("ana"));
    const given = theirs.state.sessions.get(hashed("ana"));

    theirs.says(subscribes("ana", lanes));

    expect(given?.subscriptions.size).toBe(0);
  });

  it("lets the process that opens the stream say how many there may be", () => {
    const theirs = play({ capacity: 1 });
    theirs.says(opens("ana"));

    expect([theirs.says(opens("bo")), theirs.says({ ...reopened, settings: { capacity: 2 } }), theirs.says(opens("bo"))]).toEqual([
      "mcp/too-many-sessions",
      "Opened",
      "SessionOpened",
    ]);
  });
});

it("does not fold an event of a later release", () => {
  expect(() => mcp.readEvent({ type: "SessionMoved", idHash: "x" })).toThrow(UnknownEvent);
});
