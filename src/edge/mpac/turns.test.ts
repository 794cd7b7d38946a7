/** Who hears what of those that wait, defer and claim, and of the end of a session. */
import { describe, expect, it } from "vitest";
import { of, type Received, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

const ours = (signalbox: object): object => ({ extensions: { signalbox } });
const wait = ours({ on_overlap: "wait" });
const extensionOf = (frame: Received) => frame.payload.extensions?.signalbox ?? {};

/** ana holds a.ts; bo speaks our extension and cy does not; dee is an owner. */
async function people(served: Awaited<ReturnType<typeof serveSession>>) {
  const [ana, bo, cy, dee] = (await Promise.all(["ana", "bo", "cy", "dee"].map((name) => served.connect(name)))) as [
    TestClient,
    TestClient,
    TestClient,
    TestClient,
  ];
  for (const client of [ana, bo]) client.send("HELLO", ours({}));
  cy.send("HELLO", {});
  dee.send("HELLO", { roles: ["owner"] });
  await Promise.all([ana, bo, cy, dee].map((client) => client.next(of("SESSION_INFO"))));
  ana.send("INTENT_ANNOUNCE", { intent_id: "a", objective: "do a", scope: scope("a.ts") });
  await Promise.all([ana, bo, cy, dee].map((client) => client.next(of("INTENT_ANNOUNCE"))));
  return { ana, bo, cy, dee };
}

/** The frames that tell of something, shortened. */
const told = (frames: readonly Received[]): string[] =>
  frames
    .filter(({ message_type, payload }) => message_type !== undefined && payload["event"] !== "heartbeat")
    .map(({ message_type, payload }) => [message_type, payload["status"] ?? payload["decision"] ?? ""].map(String).join(" ").trim());

describe("an announcement that waits", () => {
  it("is told as a deferral, and its sender learns its place", async () => {
    await using served = await serveSession();
    const { bo, cy } = await people(served);

    bo.send("INTENT_ANNOUNCE", { intent_id: "b", scope: scope("a.ts"), ...wait });
    const ack = await bo.next(of("INTENT_ANNOUNCE"));

    expect(extensionOf(ack)["ack"]).toMatchObject({ waiting: { intent_id: "b", ahead: 0, holders: [{ principal_id: "ana" }] } });
    expect(told(await cy.sofar())).toEqual(["INTENT_DEFERRED"]);
  });

  it("begins for everybody as an announcement of the coordinator that names its owner, who alone gets the acknowledgement", async () => {
    await using served = await serveSession();
    const { ana, bo, cy } = await people(served);
    bo.send("INTENT_ANNOUNCE", { intent_id: "b", objective: "do b", scope: scope("a.ts"), ...ours({ on_overlap: "wait", renews: true }) });
    await bo.next(of("INTENT_ANNOUNCE"));

    ana.send("INTENT_WITHDRAW", { intent_id: "a" });
    const own = await bo.next(of("INTENT_ANNOUNCE"));
    const heard = await cy.next(of("INTENT_ANNOUNCE"));
    bo.send("OP_COMMIT", { op_id: "o", intent_id: "b", target: "a.ts", ...ours({ fence: 2 }) });
    const committed = await bo.next(of("OP_COMMIT"));

    const shown = { intent_id: "b", principal_id: "bo", objective: "do b", scope: scope("a.ts"), ttl_sec: 300, priority: "normal" };
    expect(heard).toMatchObject({ sender: { principal_id: "service:coordinator-s" }, payload: shown });
    expect(heard.payload.extensions).toBeUndefined();
    expect(own.payload).toEqual({
      ...shown,
      extensions: { signalbox: { renews: true, ack: { revision: expect.any(Number), fence: 2, conflicts: [], superseded: [] } } },
    });
    expect(extensionOf(committed)).toHaveProperty("ack");
  });

  it("that is given up is no intent that was withdrawn", async () => {
    await using served = await serveSession();
    const { bo, cy } = await people(served);
    bo.send("INTENT_ANNOUNCE", { intent_id: "b", scope: scope("a.ts"), ...wait });

    bo.send("INTENT_WITHDRAW", { intent_id: "b" });
    const ack = await bo.next(of("INTENT_WITHDRAW"));

    expect(extensionOf(ack)).toHaveProperty("ack");
    expect(told(await cy.sofar())).toEqual(["INTENT_DEFERRED", "INTENT_DEFERRED resolved"]);
  });
});

it("a deferral goes to everybody in the coordinator's words, with who it is and until when", async () => {
  await using served = await serveSession();
  const { ana, cy } = await people(served);

  cy.send("INTENT_DEFERRED", { deferral_id: "d", scope: scope("a.ts"), observed_intent_ids: ["a"], ttl_sec: 60 });
  const [heard, own] = [await ana.next(of("INTENT_DEFERRED")), await cy.next(of("INTENT_DEFERRED"))];
  ana.send("INTENT_WITHDRAW", { intent_id: "a" });
  const resolved = await cy.next(of("INTENT_DEFERRED"));

  expect(own.payload).toEqual(heard.payload);
  expect(heard).toMatchObject({
    sender: { principal_id: "service:coordinator-s" },
    payload: { deferral_id: "d", principal_id: "cy", observed_intent_ids: ["a"], expires_at: expect.stringMatching(/Z$/) },
  });
  expect(heard.payload).not.toHaveProperty("ttl_sec");
  expect(resolved.payload).toEqual({
    deferral_id: "d",
    principal_id: "cy",
    status: "resolved",
    reason: "observed_intents_terminated",
  });
});

describe("a claim", () => {
  it("goes to everybody else, and the word about it to everybody, but not the message that gave it", async () => {
    await using served = await serveSession();
    const { ana, bo, cy, dee } = await people(served);
    ana.send("GOODBYE", { intent_disposition: "transfer" });
    await ana.closed;

    bo.send("INTENT_CLAIM", { claim_id: "k", original_intent_id: "a", original_principal_id: "ana", new_intent_id: "n" });
    await dee.next(of("INTENT_CLAIM"));
    dee.send("INTENT_CLAIM", { claim_id: "k", ...ours({ decision: "approved" }) });
    const status = await bo.next(of("INTENT_CLAIM_STATUS"));

    expect(status.payload).toEqual({
      claim_id: "k",
      original_intent_id: "a",
      new_intent_id: "n",
      decision: "approved",
      approved_by: "dee",
    });
    expect(told(await cy.sofar())).toEqual(["GOODBYE", "INTENT_CLAIM", "INTENT_CLAIM_STATUS approved"]);
  });

  it.each([
    { name: "is rejected", word: "rejected", reason: "not_approved" },
    { name: "is approved and fails all the same", word: "approved", reason: "new_intent_id_taken" },
  ])("that $name was approved by nobody", async ({ word, reason }) => {
    await using served = await serveSession();
    const { ana, bo, cy, dee } = await people(served);
    ana.send("GOODBYE", { intent_disposition: "transfer" });
    await ana.closed;
    bo.send("INTENT_CLAIM", { claim_id: "k", original_intent_id: "a", new_intent_id: "n" });
    bo.send("INTENT_ANNOUNCE", { intent_id: reason === "not_approved" ? "m" : "n", scope: scope("elsewhere.ts") });
    await cy.next((frame) => of("INTENT_ANNOUNCE")(frame) && frame.sender?.principal_id === "bo");

    dee.send("INTENT_CLAIM", { claim_id: "k", ...ours({ decision: word }) });
    const status = await bo.next(of("INTENT_CLAIM_STATUS"));

    expect(status.payload).toMatchObject({ decision: "rejected", reason });
    expect(status.payload).not.toHaveProperty("approved_by");
  });

  it("that comes second is a CLAIM_CONFLICT", async () => {
    await using served = await serveSession();
    const { ana, bo, cy } = await people(served);
    ana.send("GOODBYE", { intent_disposition: "transfer" });
    await ana.closed;
    bo.send("INTENT_CLAIM", { claim_id: "k", original_intent_id: "a", new_intent_id: "n" });
    await cy.next(of("INTENT_CLAIM"));

    cy.send("INTENT_CLAIM", { claim_id: "k2", original_intent_id: "a", new_intent_id: "n2" });
    const refused = await cy.next(of("PROTOCOL_ERROR"));

    expect(refused.payload).toMatchObject({ error_code: "CLAIM_CONFLICT" });
  });
});

describe("the end of a session", () => {
  it("is told once for everything in it, with what there was, and nothing but GOODBYE is taken afterwards", async () => {
    await using served = await serveSession();
    const { ana, bo, cy, dee } = await people(served);
    bo.send("INTENT_ANNOUNCE", { intent_id: "b", scope: scope("a.ts"), ...wait });
    await cy.next(of("INTENT_DEFERRED"));

    dee.send("SESSION_CLOSE", { reason: "completed" });
    const closed = await cy.next(of("SESSION_CLOSE"));
    ana.send("INTENT_ANNOUNCE", { intent_id: "late", scope: scope("b.ts") });
    const refused = await ana.next(of("PROTOCOL_ERROR"));
    ana.send("GOODBYE", {});

    expect(closed).toMatchObject({
      sender: { principal_id: "service:coordinator-s" },
      payload: {
        reason: "manual",
        active_intents_disposition: "withdraw_all",
        final_lamport_clock: expect.any(Number),
        summary: { total_intents: 1, withdrawn_intents: 1, total_participants: 4 },
      },
    });
    expect(refused.payload).toMatchObject({ error_code: "SESSION_CLOSED" });
    expect(await ana.closed).toBe(1000);
    expect(told(await cy.sofar())).toEqual(["GOODBYE"]);
  });

  it("is not for everybody to ask for", async () => {
    await using served = await serveSession();
    const { cy } = await people(served);

    cy.send("SESSION_CLOSE", { reason: "completed" });

    expect((await cy.next(of("PROTOCOL_ERROR"))).payload).toMatchObject({ error_code: "AUTHORIZATION_FAILED" });
  });
});
