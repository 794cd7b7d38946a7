/** Somebody who takes part without a connection: others meet it as they meet anybody, and it hears what concerns it. */
import { expect, it } from "vitest";
import type { JsonObject } from "../../wire/json.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { onBehalf } from "../../wire/mpac/on-behalf.ts";
import { of, serveSession } from "./mpac-edge.test.fixture.ts";
import type { Heard } from "./seats.ts";

const hello = { display_name: "ana", roles: ["contributor"], capabilities: [], extensions: { signalbox: {} } };
const announcement = (id: string, ...resources: string[]) => ({
  intent_id: id,
  objective: "o",
  scope: { kind: "file_set", resources },
  ttl_sec: 600,
  extensions: { signalbox: { on_overlap: "proceed" } },
});

/** Ana, joined without a connection. */
async function withAna() {
  const served = await serveSession();
  const heard: Heard[] = [];
  const seat = served.inside.sit("ana", (message) => heard.push(message));
  let messages = 0;
  const say = (type: ClientMessage["message_type"], payload: JsonObject, more: object = {}) => {
    const spoken = { sessionId: "s", messageId: `ana-${(messages += 1)}`, ts: "2026-01-01T00:00:00Z", principal: "ana", instance: "mcp:1" };
    const sayer = { actor: { principal: "ana", verified: "token" }, tree: "virtual", ...more } as const;
    return served.inside.say(onBehalf(spoken, type, payload), sayer);
  };
  await say("HELLO", hello, { seat });
  return { served, heard, seat, say, typesHeard: () => heard.map(({ message_type }) => message_type) };
}

async function joined(served: Awaited<ReturnType<typeof serveSession>>, name: string) {
  const client = await served.connect(name);
  client.send("HELLO", hello);
  await client.next(of("SESSION_INFO"));
  return client;
}

it("is met by others like anybody: its messages are relayed, and its files are held", async () => {
  const { served, say } = await withAna();
  await using _served = served;
  using bo = await joined(served, "bo");

  const said = await say("INTENT_ANNOUNCE", announcement("i", "a.ts"));
  const relayed = await bo.next(of("INTENT_ANNOUNCE"));

  expect(said).toMatchObject({ ok: true, result: { fence: expect.any(Number) as number } });
  expect(relayed).toMatchObject({ sender: { principal_id: "ana" }, payload: { intent_id: "i" } });
});

it("hears what others say and what the coordinator says to it, and not itself", async () => {
  const { served, say, typesHeard } = await withAna();
  await using _served = served;
  using bo = await joined(served, "bo");
  using cy = await joined(served, "cy");
  await say("INTENT_ANNOUNCE", announcement("i", "a.ts"));

  bo.send("INTENT_ANNOUNCE", announcement("k", "a.ts"));
  await bo.next(of("CONFLICT_REPORT"));
  cy.send("INTENT_ANNOUNCE", announcement("m", "c.ts"));
  bo.send("INTENT_ANNOUNCE", announcement("n", "c.ts"));
  await cy.sofar();

  expect(typesHeard().filter((type) => type === "CONFLICT_REPORT")).toHaveLength(1);
  expect(typesHeard().filter((type) => type === "INTENT_ANNOUNCE")).toHaveLength(3);
});

it("keeps its name from whoever comes over a connection, until it gives it up", async () => {
  const { served, seat } = await withAna();
  await using _served = served;
  const refusal = { payload: { extensions: { signalbox: { refusal: "principal/name-taken", suggested: "ana#2" } } } };

  using bridge = await served.connect("ana", "other");
  bridge.send("HELLO", hello);
  const refused = await bridge.next(of("PROTOCOL_ERROR"));
  expect(served.inside.isConnected("ana")).toBe(true);
  seat[Symbol.dispose]();
  const isStill = served.inside.isConnected("ana");
  bridge.send("HELLO", hello);

  expect(await bridge.next(of("SESSION_INFO"))).toMatchObject({ payload: { granted_roles: ["contributor"] } });
  expect([refused, isStill]).toMatchObject([refusal, false]);
});

it("is told the next free name where somebody has its own over a connection", async () => {
  const { served, say } = await withAna();
  await using _served = served;
  using _bo = await joined(served, "bo");
  const seat = served.inside.sit("bo", () => undefined);
  const spoken = { sessionId: "s", messageId: "bo-hello", ts: "2026-01-01T00:00:00Z", principal: "bo", instance: "mcp:2" };

  const outcome = await served.inside.say(onBehalf(spoken, "HELLO", hello), {
    actor: { principal: "bo", verified: "token" },
    tree: "virtual",
    seat,
  });

  expect(outcome).toMatchObject({ ok: false, rejection: { code: "principal/name-taken", details: { suggested: "bo#2" } } });
  expect(await say("HEARTBEAT", {})).toMatchObject({ ok: true });
});

it("is asked for what it would be told over a connection, also before it has joined", async () => {
  const { served, say } = await withAna();
  await using _served = served;
  await say("INTENT_ANNOUNCE", announcement("i", "a.ts"));

  const asked = await served.inside.ask({ kind: "overlap", paths: ["a.ts"] }, { principal: "bo" });
  const own = await served.inside.ask({ kind: "overlap", paths: ["a.ts"] }, { principal: "ana" });

  expect([asked, own]).toMatchObject([{ total: 1 }, { total: 0 }]);
});

it("says what it had seen where that matters", async () => {
  const { served, say } = await withAna();
  await using _served = served;
  using bo = await joined(served, "bo");
  const commit = (op_id: string) => ({ op_id, target: `${op_id}.ts`, op_kind: "replace", state_ref_before: null, state_ref_after: null });

  await Promise.all([say("OP_COMMIT", commit("o")), say("OP_COMMIT", commit("p"))]);
  const [first, second] = [await bo.next(of("OP_COMMIT")), await bo.next(of("OP_COMMIT"))];

  expect(first.watermark).toEqual({ kind: "lamport_clock", value: expect.any(Number) as number });
  expect(second.watermark?.value).toBeGreaterThan(first.watermark?.value ?? Infinity);
});
