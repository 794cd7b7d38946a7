/** Who hears what of a conflict: its parties, whoever may have to decide it, and everybody. */
import { describe, expect, it } from "vitest";
import { of, type Received, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

const proceed = { extensions: { signalbox: { on_overlap: "proceed" } } };

async function join(client: TestClient, ...roles: string[]): Promise<void> {
  client.send("HELLO", { display_name: "", roles, capabilities: [] });
  await client.next(of("SESSION_INFO"));
}

async function quarrel(served: Awaited<ReturnType<typeof serveSession>>) {
  const [ana, bo, cy, dee] = await Promise.all(["ana", "bo", "cy", "dee"].map((name) => served.connect(name)));
  if (ana === undefined || bo === undefined || cy === undefined || dee === undefined) throw new Error("nobody came");
  await join(ana, "contributor");
  await join(bo, "contributor");
  await join(cy, "arbiter");
  await join(dee, "contributor");
  ana.send("INTENT_ANNOUNCE", { intent_id: "i", scope: scope("a.ts", "b.ts") });
  await bo.next(of("INTENT_ANNOUNCE"));
  bo.send("INTENT_ANNOUNCE", { intent_id: "k", scope: scope("a.ts"), ...proceed });
  const report = await bo.next(of("CONFLICT_REPORT"));
  return { ana, bo, cy, dee, conflict: report.payload["conflict_id"] as string };
}

/** Types and reasons, without the coordinator's signs of life. */
const types = (frames: readonly Received[]): string[] =>
  frames
    .filter(({ message_type }) => message_type !== undefined && message_type !== "COORDINATOR_STATUS")
    .map(({ message_type, payload: { reason } }) => (typeof reason === "string" ? `${message_type} ${reason}` : `${message_type}`));

describe("of a conflict", () => {
  it("the arbiter hears, though he has no part in it, and a stranger does not", async () => {
    await using served = await serveSession();
    const { ana, cy, dee, conflict } = await quarrel(served);
    ana.send("CONFLICT_REPORT", { conflict_id: "c", related_intents: ["k"], based_on_watermark: { kind: "lamport_clock", value: 7 } });

    const found = await cy.next(of("CONFLICT_REPORT"));
    const reported = await cy.next(of("CONFLICT_REPORT"));

    expect(found.payload["conflict_id"]).toBe(conflict);
    expect(reported.payload).toMatchObject({ conflict_id: "c", based_on_watermark: { kind: "lamport_clock", value: 7 } });
    expect((await dee.sofar()).some(of("CONFLICT_REPORT"))).toBe(false);
  });

  it("everybody hears whom it was brought before, also when nobody was named", async () => {
    await using served = await serveSession();
    const { ana, dee, conflict } = await quarrel(served);

    ana.send("CONFLICT_ESCALATE", { conflict_id: conflict, reason: "help" });
    const relayed = await dee.next(of("CONFLICT_ESCALATE"));
    const told = await dee.next(of("CONFLICT_ESCALATE"));
    ana.send("CONFLICT_ESCALATE", { conflict_id: conflict, escalate_to: "dee" });
    const refused = await ana.next(of("PROTOCOL_ERROR"));

    expect([relayed.payload["escalate_to"], told.payload["escalate_to"]]).toEqual([undefined, "cy"]);
    expect(refused.payload.extensions?.signalbox?.["details"]).toEqual({ escalated_to: "cy" });
  });

  it("everybody hears what its resolution did to whom, each in a message of its own", async () => {
    await using served = await serveSession();
    const { bo, cy, dee, conflict } = await quarrel(served);
    for (const [id, target] of Object.entries({ p: "a.ts", q: "x.ts" })) bo.send("OP_PROPOSE", { op_id: id, target, intent_id: "k" });
    await bo.sofar();
    await dee.sofar();

    cy.send("RESOLUTION", { conflict_id: conflict, decision: "approved", outcome: { accepted: ["i"], rejected: ["k", "p", "q"] } });
    await cy.next(of("RESOLUTION"));
    const heard = await dee.sofar();

    expect(types(heard)).toEqual([
      "RESOLUTION",
      "OP_REJECT resolution_rejected",
      "OP_REJECT resolution_rejected",
      "INTENT_WITHDRAW resolution_rejected",
    ]);
    expect(new Set(heard.map(({ message_id }) => message_id)).size).toBe(heard.length);
    expect(types(await bo.sofar())).toEqual(types(heard));
  });

  it("whoever was rejected hears for how long to keep away, where MPAC has it", async () => {
    await using served = await serveSession();
    const { bo, cy, conflict } = await quarrel(served);
    cy.send("RESOLUTION", { conflict_id: conflict, decision: "approved", outcome: { rejected: ["k"] } });
    await bo.next(of("RESOLUTION"));

    bo.send("INTENT_ANNOUNCE", { intent_id: "k2", scope: scope("a.ts"), ...proceed });
    const { payload } = await bo.next(of("PROTOCOL_ERROR"));

    expect([payload["error_code"], payload.extensions]).toMatchObject(["INTENT_BACKOFF", { retry_after_sec: 30 }]);
  });
});

describe("of a conflict that nobody resolves in time", () => {
  const settings = { governance: { resolution_timeout_sec: 0.02, frozen_scope_phase_1_sec: 0.02, frozen_scope_phase_2_sec: 600 } };

  it("everybody hears that it is before the arbiter, then that its scope is frozen", async () => {
    await using served = await serveSession({ settings });
    const { dee } = await quarrel(served);

    const escalated = await dee.next(of("CONFLICT_ESCALATE"));
    const errors = [];
    for (let count = 0; count < 3; count += 1) errors.push((await dee.next(of("PROTOCOL_ERROR"))).payload["error_code"]);

    expect(escalated.payload).toMatchObject({ escalate_to: "cy", reason: "resolution_timeout" });
    expect(errors).toEqual(["RESOLUTION_TIMEOUT", "RESOLUTION_TIMEOUT", "RESOLUTION_TIMEOUT"]);
  });

  it("nothing is committed in its scope, and a part of a new scope brings a warning", async () => {
    await using served = await serveSession({ settings });
    const { dee, conflict } = await quarrel(served);
    await dee.next((frame) => String(frame.payload?.["description"]).includes("phase 2"));

    dee.send("INTENT_ANNOUNCE", { intent_id: "d1", scope: scope("b.ts") });
    const inside = await dee.next(of("PROTOCOL_ERROR"));
    const partly = dee.send("INTENT_ANNOUNCE", { intent_id: "d2", scope: scope("b.ts", "c.ts"), ...proceed });
    await dee.next(of("INTENT_ANNOUNCE"));
    const warning = await dee.next(of("PROTOCOL_ERROR"));
    const committed = dee.send("OP_COMMIT", { op_id: "o", target: "b.ts", intent_id: "d2" });
    const barred = await dee.next(({ payload }) => payload?.["refers_to"] === committed);

    expect([inside, warning, barred].map(({ payload }) => payload["error_code"])).toEqual(["SCOPE_FROZEN", "SCOPE_FROZEN", "SCOPE_FROZEN"]);
    expect(warning.payload).toMatchObject({
      refers_to: partly,
      description: expect.stringMatching(/^Warning:/),
      extensions: { signalbox: { frozen: [conflict] } },
    });
  });

  it("everybody hears once that its scope is frozen no more when one side has left", async () => {
    await using served = await serveSession({ settings });
    const { ana, bo, cy, dee, conflict } = await quarrel(served);
    await dee.next((frame) => String(frame.payload?.["description"]).includes("phase 2"));
    for (const client of [ana, bo, cy]) await client.next((frame) => String(frame.payload?.["description"]).includes("phase 2"));

    bo.send("GOODBYE", {});
    const heard = await Promise.all([ana, cy, dee].map((client) => client.next(of("PROTOCOL_ERROR"))));
    const committed = ana.send("OP_COMMIT", { op_id: "o", target: "b.ts", intent_id: "i" });

    for (const { payload } of heard) {
      expect(payload).toMatchObject({ error_code: "SCOPE_FROZEN", refers_to: conflict, extensions: { signalbox: { freeze: "over" } } });
    }
    expect((await ana.next(of("OP_COMMIT"))).message_id).toBe(committed);
    expect((await dee.sofar()).some(of("PROTOCOL_ERROR"))).toBe(false);
  });
});
