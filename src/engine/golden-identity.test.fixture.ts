/** The part of the golden day in which everybody has to prove who it is: a token's names, its roles, and what counts once. */
import type { JsonObject } from "../wire/json.ts";
import type { Stage } from "./golden-day.test.fixture.ts";

const proven = (fingerprint: string, roles?: readonly string[]): JsonObject => ({
  identity: { method: "bearer_token", issuer: "token-table", fingerprint, ...(roles === undefined ? {} : { roles }) },
});

export async function provingThemselves({ says, restart, nowMs }: Stage): Promise<void> {
  await restart({ profile: "authenticated", role_policy: { role_constraints: { contributor: { max_count: 1 } } } });
  await says("fay", "HELLO", { roles: ["contributor"] }, proven("f1", ["contributor"]));
  await says("fay", "HELLO", {}, proven("f2", ["contributor"]));
  await says("gus", "HELLO", { roles: ["arbiter"] }, proven("f3"));
  await says("fay", "HEARTBEAT", { status: "working" }, { sentAtMs: nowMs() });
  await says("fay", "HEARTBEAT", { status: "working" }, { sentAtMs: 0 });
  await says("fay", "GOODBYE", {});
  await restart({ profile: "open" });
}
