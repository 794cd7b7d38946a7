/** What clients of the original read of a dependency that breaks and of work that may be done twice, over the wire. */
import { expect, it } from "vitest";
import { of, scope, serveSession, type TestClient } from "./mpac-edge.test.fixture.ts";

async function join(client: TestClient): Promise<void> {
  client.send("HELLO", { display_name: "x", roles: ["contributor"], capabilities: [] });
  await client.next(of("SESSION_INFO"));
}

it("tells both of a dependency that breaks, with files and names, and takes the announcement", async () => {
  await using served = await serveSession();
  using ana = await served.connect("ana");
  using bo = await served.connect("bo");
  await join(ana);
  await join(bo);
  const extensions = { impact: ["main.py"], impact_symbols: { "main.py": ["utils.foo", "utils.bar"] }, affects_symbols: ["utils.foo"] };
  ana.send("INTENT_ANNOUNCE", { intent_id: "a", objective: "refactor foo", scope: { ...scope("utils.py"), extensions } });
  await ana.next(of("INTENT_ANNOUNCE"));

  const announced = bo.send("INTENT_ANNOUNCE", { intent_id: "b", objective: "edit main", scope: scope("main.py") });

  await bo.next((frame) => frame.message_id === announced);
  const [toAna, toBo] = await Promise.all([ana.next(of("CONFLICT_REPORT")), bo.next(of("CONFLICT_REPORT"))]);
  expect(toBo.payload).toMatchObject({
    category: "dependency_breakage",
    severity: "medium",
    basis: { kind: "rule" },
    principal_a: "bo",
    principal_b: "ana",
    intent_a: "b",
    intent_b: "a",
    dependency_detail: { ba: [{ file: "main.py", symbols: ["utils.foo"] }] },
  });
  expect(toAna.message_id).toBe(toBo.message_id);
  bo.raw(JSON.stringify({ type: "SESSION_SUMMARY" }));
  const { session } = (await bo.next(of("SESSION_SUMMARY_RESPONSE"))) as unknown as { session: { open_conflicts: unknown } };
  expect(session.open_conflicts).toMatchObject([{ category: "dependency_breakage", intent_a: "b", intent_b: "a" }]);
});

it("tells only who is refused that the holder may be doing the same", async () => {
  await using served = await serveSession();
  using ana = await served.connect("ana");
  using bo = await served.connect("bo");
  await join(ana);
  await join(bo);
  ana.send("INTENT_ANNOUNCE", { intent_id: "a", objective: "add sort_by_recent() function", scope: scope("notes/db.py") });
  await ana.next(of("INTENT_ANNOUNCE"));

  const asked = bo.send("INTENT_ANNOUNCE", {
    intent_id: "b",
    objective: "a sort_by_recent function for db.py",
    scope: scope("notes/db.py"),
  });

  expect((await bo.next(of("PROTOCOL_ERROR"))).payload).toMatchObject({
    error_code: "STALE_INTENT",
    refers_to: asked,
    duplicate_candidate: {
      candidate: true,
      confidence: "medium",
      reason: "same_symbol",
      other_intent_id: "a",
      other_principal_id: "ana",
      shared_files: ["notes/db.py"],
      matched_symbols: ["notes.db.sort_by_recent"],
      verification_required: true,
    },
  });
  expect((await ana.sofar()).map((frame) => frame.message_type)).toEqual([]);
});
