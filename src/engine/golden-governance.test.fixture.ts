/** The part of the golden day in which conflicts are decided: by somebody's word, by time, and what a sick model does. */
import type { JsonObject } from "../wire/json.ts";
import type { Stage } from "./golden-day.test.fixture.ts";

const SECOND = 1_000;

const files = (...resources: string[]): JsonObject => ({ kind: "file_set", resources });
const over = (id: string, path: string, more: JsonObject = {}): JsonObject => ({
  intent_id: id,
  objective: `do ${id}`,
  scope: files(path),
  ttl_sec: 7_200,
  ...more,
  extensions: { signalbox: { on_overlap: "proceed" } },
});

const GOVERNANCE: JsonObject = {
  governance: { resolution_timeout_sec: 100 },
  liveness: { backend_health_policy: { enabled: true, allowed_providers: ["anthropic"] } },
};

export async function governing(stage: Stage): Promise<void> {
  await stage.restart(GOVERNANCE);
  await decided(stage);
  await leftAlone(stage);
  await thawed(stage);
  await sick(stage);
}

/** Whoever is silent for 90 s is away: this is how they stay. */
async function wait({ says, pass }: Stage, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 50) {
    for (const principal of ["gil", "hal", "ida"]) await says(principal, "HEARTBEAT", { status: "working" });
    await pass(Math.min(50, seconds - passed) * SECOND);
  }
}

async function decided({ says, conflicts }: Stage): Promise<void> {
  await says("gil", "HELLO", {});
  await says("hal", "HELLO", {});
  await says("ida", "HELLO", { roles: ["arbiter"] });
  await says("gil", "INTENT_ANNOUNCE", over("g1", "gov/a.ts"));
  await says("hal", "INTENT_ANNOUNCE", over("h1", "gov/a.ts"));
  await says("hal", "OP_PROPOSE", { op_id: "h1-o", target: "gov/a.ts", intent_id: "h1" });
  const conflict_id = (await conflicts()).at(-1) ?? "";
  await says("gil", "CONFLICT_ESCALATE", { conflict_id, escalate_to: "hal" });
  await says("gil", "CONFLICT_ESCALATE", { conflict_id, escalate_to: "nobody" });
  await says("gil", "CONFLICT_ESCALATE", { conflict_id, reason: "we disagree" });
  await says("gil", "CONFLICT_ESCALATE", { conflict_id, escalate_to: "gil" });
  await says("gil", "RESOLUTION", { conflict_id, decision: "approved" });
  await says("ida", "RESOLUTION", { conflict_id, decision: "approved", outcome: { accepted: ["elsewhere"] } });
  const outcome = { accepted: ["g1"], rejected: ["h1", "h1-o"], rollback: "not_required" };
  await says("ida", "RESOLUTION", { conflict_id, decision: "approved", rationale: "gil was first", outcome });
  await says("ida", "RESOLUTION", { conflict_id, decision: "dismissed" });
  await says("hal", "INTENT_ANNOUNCE", over("h2", "gov/a.ts"));
}

/** The arbiter, a freeze in which the higher priority goes on, and its end. */
async function leftAlone(stage: Stage): Promise<void> {
  const { says } = stage;
  await says("gil", "INTENT_ANNOUNCE", over("g2", "gov/b.ts", { priority: "high" }));
  await says("gil", "OP_COMMIT", { op_id: "g2-o", target: "gov/b.ts", intent_id: "g2" });
  await says("hal", "INTENT_ANNOUNCE", over("h3", "gov/b.ts"));
  await says("hal", "OP_PROPOSE", { op_id: "h3-o", target: "gov/b.ts", intent_id: "h3" });
  await wait(stage, 200);
  await says("ida", "INTENT_ANNOUNCE", over("i1", "gov/b.ts"));
  await says("ida", "INTENT_ANNOUNCE", over("i1", "gov/"));
  await wait(stage, 70);
  await says("gil", "OP_COMMIT", { op_id: "g2-p", target: "gov/b.ts", intent_id: "g2" });
  await wait(stage, 240);
}

/** A freeze that is over because one side goes. */
async function thawed(stage: Stage): Promise<void> {
  const { says } = stage;
  await says("gil", "INTENT_ANNOUNCE", over("g3", "gov/c.ts"));
  await says("hal", "INTENT_ANNOUNCE", over("h4", "gov/c.ts"));
  await wait(stage, 210);
  await says("hal", "INTENT_WITHDRAW", { intent_id: "h4" });
  await says("gil", "INTENT_WITHDRAW", { intent_id: "g3" });
}

async function sick({ says, pass }: Stage): Promise<void> {
  const health = { model_id: "anthropic/claude", provider_status: "operational" };
  await says("gil", "HEARTBEAT", { backend_health: health });
  await says("gil", "HEARTBEAT", {
    backend_health: {
      model_id: "anthropic/other",
      provider_status: "down",
      status_detail: "an outage",
      alternatives: ["anthropic/third"],
      switched_from: "anthropic/claude",
    },
  });
  await says("gil", "HEARTBEAT", { backend_health: { ...health, model_id: "elsewhere/model", switched_from: "anthropic/other" } });
  await says("gil", "HEARTBEAT", { backend_health: { ...health, model_id: "anthropic/other" } });
  await pass(25 * 3_600 * SECOND); // what was rejected long ago counts no more
}
