/** The part of the golden day in which people wait for each other and take over from each other, and its end. */
import type { JsonObject } from "../wire/json.ts";
import type { Stage } from "./golden-day.test.fixture.ts";

const SECOND = 1_000;

const files = (...resources: string[]): JsonObject => ({ kind: "file_set", resources });
const ours = (extension: JsonObject): JsonObject => ({ extensions: { signalbox: extension } });
const intent = (id: string, path: string, more: JsonObject = {}): JsonObject => ({
  intent_id: id,
  objective: `do ${id}`,
  scope: files(path),
  ttl_sec: 7_200,
  ...more,
});

/** A claim that was rejected: it is forgotten a day later. */
export async function claimingTheDayBefore({ says }: Stage): Promise<void> {
  await says("max", "HELLO", {});
  await says("ned", "HELLO", { roles: ["owner"] });
  await says("pia", "HELLO", {});
  await says("max", "INTENT_ANNOUNCE", intent("m0", "turns/old.ts"));
  await says("max", "GOODBYE", { intent_disposition: "transfer" });
  await says("pia", "INTENT_CLAIM", { claim_id: "k0", original_intent_id: "m0", new_intent_id: "p0" });
  await says("ned", "INTENT_CLAIM", { claim_id: "k0", justification: "max is back tomorrow", ...ours({ decision: "rejected" }) });
  for (const principal of ["ned", "pia"]) await says(principal, "GOODBYE", {});
}

export async function takingTurns(stage: Stage): Promise<void> {
  const { says } = stage;
  await says("max", "HELLO", {});
  await says("ned", "HELLO", { roles: ["owner"] });
  await says("pia", "HELLO", {});
  await waiting(stage);
  await claiming(stage);
}

/** `m1` is waited for by two, of whom the later one goes first; both begin. */
async function waiting({ says, loses, pass }: Stage): Promise<void> {
  await says("max", "INTENT_ANNOUNCE", intent("m1", "turns/a.ts"));
  await says("ned", "INTENT_DEFERRED", { deferral_id: "n-d", scope: files("turns/a.ts"), reason: "yielded", observed_intent_ids: ["m1"] });
  await says("pia", "INTENT_DEFERRED", { deferral_id: "p-d", ttl_sec: 1, category: "duplicate_yield", observed_principals: ["max"] });
  await says("pia", "INTENT_ANNOUNCE", intent("p1", "turns/a.ts", ours({ on_overlap: "wait", request_id: "turn" })));
  await says("ned", "INTENT_ANNOUNCE", intent("n1", "turns/a.ts", { priority: "high", ...ours({ on_overlap: "wait", wait_sec: 60 }) }));
  await pass(2 * SECOND); // p-d ends
  await loses("ned");
  await says("ned", "HEARTBEAT", { status: "working" });
  await says("pia", "INTENT_ANNOUNCE", intent("p1", "turns/a.ts", ours({ on_overlap: "wait", request_id: "turn" })));
  await says("max", "INTENT_WITHDRAW", { intent_id: "m1" });
  await says("ned", "INTENT_WITHDRAW", { intent_id: "n1" });
  await says("ned", "INTENT_ANNOUNCE", intent("n2", "turns/a.ts", ours({ on_overlap: "wait" })));
  await says("ned", "INTENT_WITHDRAW", { intent_id: "n2" });
}

/** `p1` stands when it begins. */
async function claiming({ says, pass }: Stage): Promise<void> {
  const claim = (claim_id: string, original_intent_id: string, new_intent_id: string) => ({ claim_id, original_intent_id, new_intent_id });
  await says("max", "INTENT_ANNOUNCE", intent("m2", "turns/b.ts"));
  await says("max", "INTENT_ANNOUNCE", intent("m3", "turns/c.ts"));
  await says("pia", "INTENT_CLAIM", claim("k1", "m2", "p2"));
  await says("max", "GOODBYE", { intent_disposition: "transfer" });
  await says("ned", "INTENT_CLAIM", { claim_id: "k1", ...ours({ decision: "approved" }) });
  await says("pia", "INTENT_CLAIM", { ...claim("k1", "m2", "p2"), ...ours({ renews: true }) });
  await says("ned", "INTENT_CLAIM", claim("k2", "m2", "n3"));
  await says("pia", "INTENT_CLAIM", { claim_id: "k1", ...ours({ decision: "approved" }) });
  await says("ned", "INTENT_CLAIM", { claim_id: "k1", ...ours({ decision: "approved" }) });
  await says("ned", "INTENT_CLAIM", { claim_id: "k1", ...ours({ decision: "rejected" }) });
  await says("pia", "INTENT_CLAIM", { ...claim("k3", "m3", "p3"), scope: files("turns/c.ts") });
  await pass(5 * SECOND); // k3 is approved
  await says("pia", "GOODBYE", { intent_disposition: "transfer" });
  await says("ned", "INTENT_CLAIM", claim("k4", "p1", "n4"));
  await says("pia", "HELLO", {}); // k4 is withdrawn
}

/** Its time has been over for long: nothing lives in it any more, and nothing but GOODBYE is taken. */
export async function ending({ says, restart }: Stage): Promise<void> {
  await restart({ lifecycle: { session_ttl_sec: 3_600 } });
  await says("pia", "HELLO", {});
  await says("pia", "GOODBYE", {});
}
