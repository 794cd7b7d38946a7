/**
 * Smoke: a lane goes from hand to hand. Claim, conflict, heartbeat, a lease that ends, a thief and what its token is worth, a
 * row of those who wait; all of it over a sidecar that is killed in between.
 */
import assert from "node:assert/strict";
import { type BusAnswer, busAt } from "./support/bus.ts";
import { startHost } from "./support/mcp-host.ts";
import { scratchFolder } from "./support/scratch.ts";
import { startSidecarOf } from "./support/sidecar.ts";
import { runSmoke } from "./support/steps.ts";
import { eventually } from "./support/wait.ts";

const LANE = "/lanes/deploy%20to%20staging";
const SHORT_S = 1;

const fenceOf = ({ body }: BusAnswer): number => Number(body["fencing_token"]);
const namesIn = (list: unknown): unknown[] => (list as { readonly lane: unknown }[]).map(({ lane }) => lane);

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);
  const first = smoke.own(await startSidecarOf(scratch, workspace));
  let bus = busAt(first.port);
  const claim = (owner: string, more: object = {}): Promise<BusAnswer> => bus.post(`${LANE}/claim`, { owner, lease_s: 60, ...more });
  const isValid = async (token: number): Promise<unknown> => (await bus.post(`${LANE}/check`, { fencing_token: token })).body["valid"];

  const anas = await smoke.step("ana claims a lane", async () => {
    const claimed = await claim("ana");
    assert.deepEqual([claimed.status, claimed.body["state"], claimed.body["lane"]], [200, "held", "deploy to staging"]);
    return fenceOf(claimed);
  });
  await smoke.step("bo is refused, and told who holds it and for how long", async () => {
    const { status, body } = await claim("bo");
    assert.equal(status, 409);
    assert.match(String(body["detail"]), /is held by ana for another \d+ s/);
  });
  await smoke.step("ana renews it with a heartbeat, which bo may not, and keeps her token", async () => {
    const foreign = await bus.post(`${LANE}/heartbeat`, { owner: "bo" });
    assert.equal(await isValid(anas), true);
    const beaten = await bus.post(`${LANE}/heartbeat`, { owner: "ana", lease_s: SHORT_S });
    assert.deepEqual([beaten.status, fenceOf(beaten), foreign.status], [200, anas, 409]);
  });
  await smoke.step("her lease ends, and the lane is shown as an orphaned claim", async () => {
    await eventually("the end of the lease", async () => {
      const { body } = await bus.get("/status");
      return namesIn(body["orphaned_claims"]).length === 1 ? true : undefined;
    });
    assert.deepEqual(namesIn((await bus.get("/status")).body["active_lanes"]), []);
    assert.equal(await isValid(anas), false);
  });
  await smoke.step("her heartbeat comes too late", async () => {
    const { status, body } = await bus.post(`${LANE}/heartbeat`, { owner: "ana" });
    assert.equal(status, 409);
    assert.match(String(body["detail"]), /the lease ended .*; claim it again/);
  });
  const bos = await smoke.step("bo takes it, and his token is above hers, which is worth nothing", async () => {
    const claimed = await claim("bo");
    assert.equal(claimed.status, 200);
    assert.ok(fenceOf(claimed) > anas, `${fenceOf(claimed)} is not above ${anas}`);
    assert.deepEqual([await isValid(anas), await isValid(fenceOf(claimed))], [false, true]);
    return { token: fenceOf(claimed), expires: claimed.body["expires_at"] };
  });
  const place = await smoke.step("ana and cy wait for it, cy with the higher priority", async () => {
    const ana = await claim("ana", { wait_s: 0.05 });
    const cy = await claim("cy", { wait_s: 0.05, priority: "high" });
    assert.deepEqual([ana.status, ana.body["holder"], cy.status, cy.body["ahead"]], [202, "bo", 202, 0]);
    assert.equal((await claim("ana", { ticket: ana.body["ticket"] })).body["ahead"], 1);
    return String(cy.body["ticket"]);
  });

  await smoke.step("the sidecar is killed, and another one takes over", async () => {
    first.program.kill("SIGKILL");
    await first.program.exited;
    bus = busAt(smoke.own(await startSidecarOf(scratch, workspace)).port);
  });
  await smoke.step("bo holds the lane as before, until when he held it, by the same token", async () => {
    const { body } = await bus.get("/status");
    const [lane] = body["active_lanes"] as Record<string, unknown>[];
    assert.deepEqual([lane?.["owner"], lane?.["fencing_token"], lane?.["expires_at"]], ["bo", bos.token, bos.expires]);
    assert.equal((await claim("dan")).status, 409);
  });
  await smoke.step("he gives it back, and cy has it at once", async () => {
    const waiting = claim("cy", { ticket: place, wait_s: 30 });
    assert.equal((await bus.post(`${LANE}/release`, { owner: "bo" })).status, 200);
    const claimed = await waiting;
    assert.deepEqual([claimed.status, claimed.body["owner"], claimed.body["lease_s"]], [200, "cy", 60]);
    assert.ok(fenceOf(claimed) > bos.token, `${fenceOf(claimed)} is not above ${bos.token}`);
  });
  await smoke.step("and ana after her", async () => {
    const waiting = claim("ana", { wait_s: 30 });
    await bus.post(`${LANE}/release`, { owner: "cy" });
    assert.equal((await waiting).body["owner"], "ana");
  });
  const agent = await startHost({ name: "dan-client", cwd: workspace, env: scratch.env });
  smoke.own(agent);
  const principal = await smoke.step("an agent claims through its bridge, in its own name, which is proven", async () => {
    const { structured } = await agent.call("claim_lane", { lane: "release" });
    assert.deepEqual([structured["ok"], structured["asserted"]], [true, false]);
    assert.equal((await bus.post("/lanes/release/claim", { owner: structured["owner"] })).status, 409);
    return String(structured["owner"]);
  });
  await smoke.step("its client goes, and its lane is orphaned at once, to be taken when its lease ends", async () => {
    await agent[Symbol.asyncDispose]();
    await eventually("the orphaned lane", async () => {
      const [lane] = (await bus.get("/status")).body["orphaned_claims"] as Record<string, unknown>[];
      return lane?.["owner"] === principal && lane["owner_gone"] === true ? true : undefined;
    });
    assert.deepEqual(namesIn((await bus.get("/status")).body["active_lanes"]), ["deploy to staging", "release"]);
    assert.equal((await bus.post("/lanes/release/claim", { owner: "bo" })).status, 409);
  });
  await smoke.step("everybody else gives back, and nothing else is held", async () => {
    await bus.post(`${LANE}/release`, { owner: "ana" });
    assert.deepEqual(namesIn((await bus.get("/status")).body["active_lanes"]), ["release"]);
  });
});
