/** What people hear of scopes that are no files, over the wire. */
import { expect, it } from "vitest";
import { of, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

async function join(client: TestClient): Promise<void> {
  client.send("HELLO", { display_name: "x", roles: ["contributor"], capabilities: [] });
  await client.next(of("SESSION_INFO"));
}

it("warns both of what only may meet, keeps the announcement whole, and shows it to everybody", async () => {
  await using served = await serveSession();
  using ana = await served.connect("ana");
  using bo = await served.connect("bo");
  await join(ana);
  await join(bo);
  ana.send("INTENT_ANNOUNCE", { intent_id: "a", objective: "o", scope: scope("src/auth.py") });
  await bo.next(of("INTENT_ANNOUNCE"));
  const named = { kind: "entity_set", entities: ["src/auth.py::login"], canonical_uris: ["urn:x"], ours: { kept: [1] } };

  bo.send("INTENT_ANNOUNCE", { intent_id: "b", objective: "o", scope: named });

  const relayed = await ana.next((frame) => frame.message_type === "INTENT_ANNOUNCE" && frame.payload["intent_id"] === "b");
  const [toAna, toBo] = await Promise.all([ana.next(of("CONFLICT_REPORT")), bo.next(of("CONFLICT_REPORT"))]);
  expect(toBo.payload).toMatchObject({
    category: "scope_overlap",
    severity: "low",
    basis: { kind: "heuristic" },
    intent_a: "b",
    intent_b: "a",
  });
  expect(toAna.payload).toEqual(toBo.payload);
  expect(relayed.payload["scope"]).toEqual(named);
  ana.raw(JSON.stringify({ type: "SESSION_SUMMARY" }));
  const { session } = (await ana.next(of("SESSION_SUMMARY_RESPONSE"))) as unknown as { session: { active_intents: unknown } };
  expect(session.active_intents).toMatchObject([{ intent_id: "a" }, { intent_id: "b", scope: named }]);
});

it("refuses who asks for a canonical URI that is held, in the words that clients read", async () => {
  await using served = await serveSession();
  using ana = await served.connect("ana");
  using bo = await served.connect("bo");
  await join(ana);
  await join(bo);
  const uri = "resource://project/src/auth.ts";
  ana.send("INTENT_ANNOUNCE", { intent_id: "a", objective: "o", scope: { ...scope("src/auth.ts"), canonical_uris: [uri] } });
  await bo.next(of("INTENT_ANNOUNCE"));

  bo.send("INTENT_ANNOUNCE", { intent_id: "b", objective: "o", scope: { kind: "task_set", task_ids: ["t"], canonical_uris: [uri] } });

  expect((await bo.next(of("PROTOCOL_ERROR"))).payload).toMatchObject({
    error_code: "STALE_INTENT",
    description: expect.stringMatching(/^Files \['resource:\S+'\] are already being modified by intent a \(principal ana\)\./),
  });
});
