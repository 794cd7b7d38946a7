/** Who is passed over while it waits because nobody is there under its name: a connection that is gone, a seat that was left. */
import { describe, expect, it } from "vitest";
import { session } from "../../core/session/session.ts";
import { createEngine } from "../../engine/engine.ts";
import { silentLog } from "../../engine/log.ts";
import { memoryStore } from "../../store/memory.ts";
import type { SessionId } from "../../wire/ids.ts";
import type { JsonObject } from "../../wire/json.ts";
import { ClientMessage } from "../../wire/mpac/messages.ts";
import type { SessionEvent } from "../../wire/session.ts";
import { tellHead } from "./head-news.ts";
import { of, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";
import { openRoom } from "./room.ts";

type Served = Awaited<ReturnType<typeof serveSession>>;

const ours = (signalbox: object): object => ({ extensions: { signalbox } });
const waits = (id: string): object => ({ intent_id: id, scope: scope("a.ts"), ...ours({ on_overlap: "wait" }) });

async function join(served: Served, name: string, secret?: string): Promise<TestClient & { readonly secret: string }> {
  const client = await served.connect(name);
  client.send("HELLO", ours(secret === undefined ? {} : { secret }));
  const { payload } = await client.next(of("SESSION_INFO"));
  return { ...client, secret: String(payload.extensions?.signalbox?.["secret"]) };
}

/** ana is at work on a.ts; bo waits for it, then cy. */
async function row(served: Served) {
  const [ana, bo, cy] = [await join(served, "ana"), await join(served, "bo"), await join(served, "cy")];
  ana.send("INTENT_ANNOUNCE", { intent_id: "a", scope: scope("a.ts") });
  await ana.next(of("INTENT_ANNOUNCE"));
  bo.send("INTENT_ANNOUNCE", waits("b"));
  await bo.next(of("INTENT_ANNOUNCE"));
  cy.send("INTENT_ANNOUNCE", waits("c"));
  await cy.next(of("INTENT_ANNOUNCE"));
  return { ana, bo, cy };
}

/** Resolves when the session knows that nobody is there under the name. */
function missed({ stream }: Served, name: string): Promise<void> {
  return new Promise((resolve) => {
    const hearing = stream.host.subscribe(({ events }) => {
      const isIt = (events as readonly SessionEvent[]).some(
        (event) => event.type === "ParticipantStatus" && event.principalId === name && event.away === true,
      );
      if (!isIt) return;
      hearing[Symbol.dispose]();
      resolve();
    });
  });
}

const begins = (client: TestClient, id: string) =>
  client.next((frame) => of("INTENT_ANNOUNCE")(frame) && frame.payload["intent_id"] === id && "fence" in ackIn(frame.payload));
const ackIn = (payload: { readonly extensions?: { readonly signalbox?: Readonly<Record<string, unknown>> } }): object =>
  (payload.extensions?.signalbox?.["ack"] ?? {}) as object;

describe("a connection that closed before the scope was free", () => {
  it("is given nothing: the next in the row begins, and it has its turn when it is back", async () => {
    await using served = await serveSession();
    const { ana, bo, cy } = await row(served);
    const gone = missed(served, "bo");
    bo.socket.terminate();
    await gone;

    ana.send("INTENT_WITHDRAW", { intent_id: "a" });
    const first = await begins(cy, "c");
    const back = await join(served, "bo");
    cy.send("INTENT_WITHDRAW", { intent_id: "c" });
    const second = await begins(back, "b");

    expect([first.payload["principal_id"], second.payload["principal_id"]]).toEqual(["cy", "bo"]);
  });

  it("is as if nothing had been when its client takes its place over another one", async () => {
    await using served = await serveSession();
    const { ana, bo } = await row(served);

    const again = await join(served, "bo", bo.secret);
    await bo.closed;
    await ana.sofar();
    ana.send("INTENT_WITHDRAW", { intent_id: "a" });
    await begins(again, "b");

    expect((await served.log()).filter((text) => text.includes('"ConnectionLost"'))).toEqual([]);
  });
});

it("whoever waits is not back because its worktree has another HEAD", async () => {
  await using served = await serveSession();
  const { stream } = served;
  const { ana, bo } = await row(served);
  const worktree = { id: "a".repeat(16), path: "/repo", head: "1".repeat(40) };
  const again = await served.connect("bo");
  again.send("HELLO", ours({ worktree, secret: bo.secret }));
  await again.next(of("SESSION_INFO"));
  const gone = missed(served, "bo");
  again.socket.terminate();
  await gone;

  const head = "2".repeat(40);
  await tellHead(stream, "s", { id: worktree.id, head }, 0);
  ana.send("INTENT_WITHDRAW", { intent_id: "a" });
  await ana.next(of("INTENT_WITHDRAW"));

  const known = await stream.host.query(({ intents, participants }) => [
    participants.get("bo" as never)?.worktree?.head,
    intents.has("b" as never),
    intents.get("c" as never)?.state,
  ]);
  expect(known).toEqual([head, false, "ACTIVE"]);
});

it("a seat that is left is passed over until somebody sits there again", async () => {
  await using served = await serveSession();
  const { inside, stream } = served;
  const actor = { principal: "bo", verified: "asserted" } as const;
  const say = (type: string, payload: object) => {
    const sender = { principal_id: "bo", principal_type: "agent", sender_instance_id: "bo:1" };
    return inside.say(ClientMessage.parse({ message_type: type, message_id: `bo ${type}`, sender, payload }), { actor, tree: "t" });
  };
  const ana = await join(served, "ana");
  ana.send("INTENT_ANNOUNCE", { intent_id: "a", scope: scope("a.ts") });
  await ana.next(of("INTENT_ANNOUNCE"));
  const seat = inside.sit("bo", () => undefined);
  await say("HELLO", {});
  await say("INTENT_ANNOUNCE", waits("b"));

  const gone = missed(served, "bo");
  seat[Symbol.dispose]();
  await gone;
  ana.send("INTENT_WITHDRAW", { intent_id: "a" });
  await ana.next(of("INTENT_WITHDRAW"));
  const without = await stream.host.query(({ intents }) => intents.has("b" as never));
  using _again = inside.sit("bo", () => undefined);
  await say("HELLO", {});

  expect([without, await stream.host.query(({ intents }) => intents.get("b" as never)?.state)]).toEqual([false, "ACTIVE"]);
});

it("whoever waited when a process ended is passed over in the next one until it is back", async () => {
  const engine = createEngine({ store: memoryStore(), log: silentLog, node: "test" });
  const stream = await engine.open(session, "s" as SessionId, {});
  const say = (principal: string, type: string, payload: JsonObject) => {
    const sender = { principal_id: principal, sender_instance_id: `${principal}:1` };
    const command = ClientMessage.parse({ message_type: type, message_id: `${principal} ${type}`, sender, payload });
    return new Promise((resolve) => stream.host.submit({ command, actor: { principal, verified: "asserted" } }, resolve));
  };
  for (const name of ["ana", "bo"]) await say(name, "HELLO", {});
  await say("ana", "INTENT_ANNOUNCE", { intent_id: "a", scope: scope("a.ts") });
  await say("bo", "INTENT_ANNOUNCE", waits("b") as JsonObject);

  using _room = await openRoom(
    stream,
    { sessionId: "s", workspaceDir: "", version: "0", control: 1 },
    { nowMs: () => engine.nowMs(), isLiving: () => false },
  );
  await say("ana", "INTENT_WITHDRAW", { intent_id: "a" });

  expect(
    await stream.host.query(({ intents, participants }) => [intents.has("b" as never), participants.get("bo" as never)?.away]),
  ).toEqual([false, true]);
  await engine.close();
});
