/**
 * Smoke: two generic adapters and one of Claude Code on the peer bus of a repository's sidecar. Mail waits for whoever is away,
 * the sidecar and an adapter are killed with -9 between sending and draining, nothing is lost, and nothing is shown twice.
 */
import assert from "node:assert/strict";
import { type PeerMessage, startSeat } from "./support/peer-seat.ts";
import { killOutright, startNode } from "./support/processes.ts";
import { launcher } from "./support/program.ts";
import { scratchFolder } from "./support/scratch.ts";
import { type StartedSidecar, startSidecarOf } from "./support/sidecar.ts";
import { runSmoke } from "./support/steps.ts";
import { eventually } from "./support/wait.ts";

const TOKEN = "a-token-of-peers";
const SECRET = "thirty-two bytes that peers share";
/** What a reader of JSON would have spelt otherwise. */
const SPELT = '{"2":1.0,"1":1e5,"<tag>":"\\u00e9","1":-0,"big":12345678901234567890}';

const bodies = (messages: readonly PeerMessage[]): unknown[] => messages.map(({ body }) => body);

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);
  const start = async (...args: string[]): Promise<StartedSidecar> =>
    smoke.own(await startSidecarOf(scratch, workspace, { args, env: { PEERBUS_TOKENS: TOKEN } }));

  const sidecar = await smoke.step("a sidecar takes the tokens of peers", () => start());
  const url = `ws://127.0.0.1:${sidecar.port}/peer`;
  const seat = (mode: "generic" | "cc", name: string, token = TOKEN) =>
    smoke.own(startSeat(scratch, mode, { url, token, secret: SECRET, name }));

  const ana = seat("generic", "ana");
  const cy = seat("cc", "cy");
  const bo = seat("generic", "bo");
  await smoke.step("ana and bo sit down with four tools, cy in Claude Code with three and a channel", async () => {
    const named = async (peer: typeof ana): Promise<unknown[]> => {
      const { serverInfo, capabilities } = (await peer.ask("initialize", { protocolVersion: "2025-06-18" })) as Record<string, object>;
      peer.notify("notifications/initialized");
      const tools = (await peer.ask("tools/list"))["tools"] as { readonly name: string }[];
      return [(serverInfo as { readonly name: string }).name, Object.keys(capabilities ?? {}), tools.map(({ name }) => name)];
    };
    const common = ["bus.send", "bus.broadcast", "bus.peers"];
    assert.deepEqual(await named(ana), ["peerbus-generic-adapter", ["tools"], [...common, "bus.drain"]]);
    assert.deepEqual(await named(bo), ["peerbus-generic-adapter", ["tools"], [...common, "bus.drain"]]);
    assert.deepEqual(await named(cy), ["peerbus-cc-adapter", ["tools", "experimental"], common]);
  });
  await smoke.step("they see each other, and cy is told its name", async () => {
    for (const peer of [bo, cy]) await peer.call("bus.peers");
    assert.deepEqual(await ana.call("bus.peers"), { self: "ana", peers: ["bo", "cy"] });
    await eventually("cy's name", () => cy.pushed()[0]);
    assert.deepEqual(cy.pushed(), ["📡 connected as cy"]);
  });
  await smoke.step("bo leaves, and its mail waits", async () => {
    assert.deepEqual(await bo.leave(), { code: 0, signal: null });
    await ana.callRaw("bus.send", `{"to":"bo","body":${SPELT}}`);
    for (const body of ["second", null]) assert.deepEqual(await ana.call("bus.send", { to: "bo", body }), { sent: true, to: "bo" });
    assert.deepEqual(await ana.call("bus.peers"), { self: "ana", peers: ["cy"] });
  });
  const bo2 = seat("generic", "bo");
  await smoke.step("bo comes back and drains it, in order and as it was spelt", async () => {
    const messages = await bo2.drain(3);
    assert.deepEqual(bodies(messages).slice(1), ["second", null]);
    assert.ok(messages.every(({ from, source }) => from === "ana" && source === "peer-bus"));
    assert.ok(bo2.program.stdout.all.some((line) => line.includes(`"body":${SPELT.replace("<tag>", "\\u003ctag\\u003e")}}`)));
    assert.deepEqual(await bo2.call("bus.drain"), { messages: [] });
  });
  await smoke.step("a broadcast reaches bo's inbox and wakes cy, and not its sender", async () => {
    assert.deepEqual(await ana.call("bus.broadcast", { body: { text: "all of you" } }), { broadcast: true });
    await eventually("the push", () => cy.pushed()[1]);
    assert.equal(cy.pushed()[1], '📨 broadcast from ana: "all of you"');
    await ana.call("bus.send", { to: "bo", body: "in the buffer" });
    await bo2.call("bus.peers"); // both have come by now, and nobody was shown them
  });

  await smoke.step("the sidecar is killed with -9; whoever sends hears of it", async () => {
    await killOutright(sidecar.pid);
    // What is written before the end of the connection is seen is lost, which the protocol tells nobody.
    const told = await eventually("a word that nobody is there", () =>
      ana.call("bus.send", { to: "bo", body: "lost" }).then(
        () => undefined,
        (error: unknown) => String(error),
      ),
    );
    assert.match(told, /^Error: adapter: not connected to broker/);
  });
  const successor = await smoke.step("the next one has the mail", () => start("--port", String(sidecar.port)));
  await smoke.step("bo drains what was sent before the kill, and what was sent since, once", async () => {
    await eventually("ana's return", async () =>
      (await ana.call("bus.send", { to: "bo", body: "since" }).catch(() => undefined)) ? true : undefined,
    );
    assert.deepEqual(bodies(await bo2.drain(3)), [{ text: "all of you" }, "in the buffer", "since"]);
    await bo2.call("bus.peers");
    assert.deepEqual(await bo2.call("bus.drain"), { messages: [] });
  });
  await smoke.step("cy is told its name again, and nothing twice", async () => {
    await eventually("cy's return", () => cy.pushed()[2]);
    await ana.call("bus.send", { to: "cy", body: "once more" });
    await eventually("the push", () => cy.pushed()[3]);
    assert.deepEqual(cy.pushed(), [
      "📡 connected as cy",
      '📨 broadcast from ana: "all of you"',
      "📡 connected as cy",
      '📨 msg from ana: "once more"',
    ]);
  });
  await smoke.step("bo's adapter is killed with -9 between sending and draining; the next one is given it all, marked", async () => {
    await ana.call("bus.send", { to: "bo", body: "undrained" });
    await ana.call("bus.peers");
    await bo2.call("bus.peers");
    await killOutright(bo2.program.pid);
    await ana.call("bus.send", { to: "bo", body: "behind it" });
    const bo3 = seat("generic", "bo");
    const messages = await bo3.drain(2);
    assert.deepEqual(bodies(messages), ["undrained", "behind it"]);
    // The second one, too, where the broker had not seen yet that the connection was dead.
    assert.equal(messages[0]?.redelivered, true);
    assert.deepEqual(await bo3.leave(), { code: 0, signal: null });
    const bo4 = seat("generic", "bo");
    await bo4.call("bus.peers");
    assert.deepEqual(await bo4.call("bus.drain"), { messages: [] });
  });
  await smoke.step("somebody with another token is told why it gets nowhere", async () => {
    const stranger = seat("generic", "dee", "another token");
    await assert.rejects(stranger.call("bus.peers"), /not connected to broker \(.*invalid bearer token/);
  });
  await smoke.step("all leave with their stdin, and the log is what was written", async () => {
    for (const peer of [ana, cy]) assert.deepEqual(await peer.leave(), { code: 0, signal: null });
    await successor[Symbol.asyncDispose]();
    const verified = await startNode([launcher("signalbox"), "audit", "verify", "--workspace", workspace], {
      cwd: scratch.folder,
      env: scratch.env,
    }).exited;
    assert.deepEqual(verified, { code: 0, signal: null });
  });
});
