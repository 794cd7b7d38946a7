/** The part of the golden day in which changes are proposed, turned down, authorized and carried out together. */
import type { JsonObject } from "../wire/json.ts";
import type { Stage } from "./golden-day.test.fixture.ts";

const REF = (digit: string): string => `sha256:${digit.repeat(64)}`;
const over = (id: string, ...resources: string[]): JsonObject => ({
  intent_id: id,
  objective: `do ${id}`,
  scope: { kind: "file_set", resources },
  ttl_sec: 7_200,
  extensions: { signalbox: { on_overlap: "proceed" } },
});
const change = (op_id: string, target: string, more: JsonObject = {}): JsonObject => ({
  op_id,
  target,
  state_ref_after: REF("1"),
  ...more,
});

/** What is forgotten by the next day. */
export async function batchTheDayBefore({ says }: Stage): Promise<void> {
  await says("bo", "OP_BATCH_COMMIT", { batch_id: "g0", operations: [change("g0-o", "src/old.ts")] });
}

export async function proposing(stage: Stage): Promise<void> {
  const { says } = stage;
  await says("ron", "HELLO", {});
  await says("sue", "HELLO", { extensions: { signalbox: { worktree: { id: "c".repeat(16), path: "/trees/c", branch: "topic" } } } });
  await says("tom", "HELLO", { roles: ["reviewer", "owner"] });
  await declaring(stage);
  await stage.restart({ compliance: "governance", execution_model: "pre_commit" });
  for (const principal of ["ron", "sue", "tom"]) await says(principal, "HEARTBEAT", { status: "working" });
  await asking(stage);
  await stage.restart({ compliance: "core", execution_model: "post_commit" });
}

async function declaring({ says }: Stage): Promise<void> {
  await says("ron", "INTENT_ANNOUNCE", over("r1", "ops/a.ts", "ops/b.ts"));
  await says("sue", "OP_PROPOSE", change("s-o1", "ops/a.ts", { intent_id: "r1", summary: "mine under yours" }));
  await says("ron", "OP_PROPOSE", change("r-o1", "ops/a.ts", { intent_id: "r1" }));
  await says("ron", "OP_PROPOSE", change("r-o2", "ops/b.ts", { intent_id: "r1" }));
  await says("ron", "OP_PROPOSE", change("r-o2", "ops/b.ts", { intent_id: "nobody's" }));
  await says("sue", "OP_REJECT", { op_id: "r-o1", reason: "no" });
  await says("tom", "OP_REJECT", { op_id: "r-o1", reason: "not_now", refers_to: "r1" });
  await says("tom", "OP_REJECT", { op_id: "r-o1", reason: "again" });
  await says("tom", "OP_REJECT", { op_id: "nobody's" });
  await says("ron", "OP_COMMIT", change("r-o2", "ops/b.ts", { state_ref_before: REF("0"), state_ref_after: REF("2") }), {
    bases: { "ops/b.ts": REF("0") },
  });
  const operations = [change("r-o3", "ops/a.ts"), change("r-o4", "ops/a.ts", { state_ref_before: REF("9") })];
  await says("ron", "OP_BATCH_COMMIT", { batch_id: "r-g1", intent_id: "r1", atomicity: "all_or_nothing", operations });
  await says("ron", "OP_BATCH_COMMIT", { batch_id: "r-g1", intent_id: "r1", atomicity: "best_effort", operations });
  await says("ron", "GOODBYE", { intent_disposition: "transfer" });
  await says("ron", "HELLO", {});
  await says("ron", "INTENT_WITHDRAW", { intent_id: "r1" });
  await says("sue", "OP_PROPOSE", change("s-o2", "ops/c.ts"));
  await says("sue", "GOODBYE", {});
  await says("sue", "HELLO", {});
}

async function asking({ says, conflicts }: Stage): Promise<void> {
  await says("ron", "OP_COMMIT", change("r-o5", "ops/a.ts"));
  await says("ron", "INTENT_ANNOUNCE", over("r2", "ops/a.ts", "ops/b.ts"));
  await says("ron", "OP_COMMIT", change("r-o5", "ops/a.ts", { intent_id: "r2" }));
  await says("ron", "OP_COMMIT", change("r-o5", "ops/a.ts", { intent_id: "r2" }));
  await says("sue", "INTENT_ANNOUNCE", over("s2", "ops/b.ts"));
  const operations = [change("r-o6", "ops/a.ts"), change("r-o7", "ops/b.ts")];
  const batch: JsonObject = { batch_id: "r-g2", intent_id: "r2", atomicity: "all_or_nothing", operations };
  await says("ron", "OP_BATCH_COMMIT", batch);
  await says("ron", "OP_BATCH_COMMIT", batch);
  await says("tom", "RESOLUTION", { conflict_id: (await conflicts()).at(-1) ?? "", decision: "approved", rationale: "ron goes first" });
  await says("ron", "OP_BATCH_COMMIT", batch);
  await says("ron", "OP_BATCH_COMMIT", {
    ...batch,
    batch_id: "r-g3",
    operations: [change("r-o8", "ops/a.ts"), change("r-o9", "ops/b.ts")],
  });
  const many = Array.from({ length: 256 }, (_, index) => ({ op_id: `m${index}`, target: "ops/a.ts" }));
  await says("ron", "OP_BATCH_COMMIT", { batch_id: "r-g4", intent_id: "r2", operations: many });
  await says("tom", "OP_REJECT", { op_id: "r-o8", reason: "no" });
  await says("sue", "INTENT_WITHDRAW", { intent_id: "s2" });
}
