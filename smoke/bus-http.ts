/** Smoke: every route of the bus by plain curl, as a shell script would use it, with the secret and without. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { startSidecarOf } from "./support/sidecar.ts";
import { runSmoke } from "./support/steps.ts";

const run = promisify(execFile);

const SECRET = "open-sesame-4711";
const WITH_SECRET = ["-H", `X-Bus-Secret: ${SECRET}`];

interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

function curlIn(scratch: Scratch, base: string) {
  return async (path: string, ...more: string[]): Promise<Said> => {
    const { stdout } = await run("curl", ["-sS", "-m", "20", "-w", "\n%{http_code}", ...more, `${base}${path}`], { env: scratch.env });
    const lines = stdout.split("\n");
    return { status: Number(lines.pop()), body: JSON.parse(lines.join("\n") || "{}") as Said["body"] };
  };
}

const data = (body: object): string[] => ["-H", "Content-Type: application/json", "-d", JSON.stringify(body)];

await runSmoke(async (smoke) => {
  const scratch = smoke.own(await scratchFolder());
  const workspace = await scratch.copyOf(smoke.workspace);
  const sidecar = smoke.own(await startSidecarOf(scratch, workspace, { env: { BUS_WRITE_SECRET: SECRET } }));
  const base = `http://127.0.0.1:${sidecar.port}/api/bus`;
  const curl = curlIn(scratch, base);
  const message = { topic: "builds", sender: "ana", body: "main is red", action_flag: true };

  await smoke.step("GET /status answers before anything was written, and says that writes are armed", async () => {
    const { status, body } = await curl("/status");
    assert.equal(status, 200);
    assert.deepEqual(
      [body["active_lanes"], body["orphaned_claims"], body["recent_messages"], body["pending_action_flags"], body["writes"]],
      [[], [], [], [], "armed"],
    );
  });
  await smoke.step("no write goes through without the secret, whatever it says", async () => {
    for (const path of ["/message", "/lanes/a/claim", "/lanes/a/release", "/lanes/a/heartbeat"]) {
      const { status, body } = await curl(path, ...data({ nothing: true }));
      assert.deepEqual([path, status], [path, 401]);
      assert.match(String(body["detail"]), /X-Bus-Secret .* BUS_WRITE_SECRET/);
    }
  });
  const id = await smoke.step("POST /message stores one", async () => {
    const { status, body } = await curl("/message", ...WITH_SECRET, ...data(message));
    assert.deepEqual([status, body["body"], body["action_flag"], body["asserted"]], [200, "main is red", true, true]);
    return String(body["id"]);
  });
  await smoke.step("GET /messages gives it, by topic, by text, and with a limit", async () => {
    await curl("/message", ...WITH_SECRET, ...data({ topic: "lunch", sender: "bo", body: "at one?" }));
    const bodies = async (query: string) =>
      ((await curl(`/messages?${query}`)).body["messages"] as Record<string, unknown>[]).map(({ body }) => body);
    assert.deepEqual(await bodies("limit=50"), ["at one?", "main is red"]);
    assert.deepEqual(await bodies("limit=1"), ["at one?"]);
    assert.deepEqual(await bodies("limit=50&topic=builds"), ["main is red"]);
    assert.deepEqual(await bodies("q=RED"), ["main is red"]);
    assert.equal((await curl("/messages?limit=0")).status, 422);
  });
  await smoke.step("POST /lanes/<lane>/claim, heartbeat and release, by a name that curl sends as it is", async () => {
    const lane = "/lanes/дорога";
    const claimed = await curl(`${lane}/claim`, ...WITH_SECRET, ...data({ owner: "ana", lease_s: 60 }));
    const conflict = await curl(`${lane}/claim`, ...WITH_SECRET, ...data({ owner: "bo", lease_s: 60 }));
    const beaten = await curl(`${lane}/heartbeat`, ...WITH_SECRET, ...data({ owner: "ana", lease_s: 120 }));
    const { status, body } = await curl(`${lane}/check`, ...data({ fencing_token: claimed.body["fencing_token"] }));
    const released = await curl(`${lane}/release`, ...WITH_SECRET, ...data({ owner: "ana" }));
    assert.deepEqual([claimed.status, claimed.body["lane"], claimed.body["owner"]], [200, "дорога", "ana"]);
    assert.equal(conflict.status, 409);
    assert.deepEqual([beaten.status, beaten.body["lease_s"]], [200, 120]);
    assert.deepEqual([status, body["valid"]], [200, true]);
    assert.deepEqual([released.status, released.body], [200, { lane: "дорога", released: true }]);
  });
  await smoke.step("a claim that waits is answered 202 with its ticket", async () => {
    const claim = (body: object) => curl("/lanes/queue/claim", ...WITH_SECRET, ...data(body));
    await claim({ owner: "ana" });
    const { status, body } = await claim({ owner: "bo", wait_s: 0.1 });
    assert.deepEqual([status, body["status"], body["holder"], body["ahead"]], [202, "waiting", "ana", 0]);
    assert.equal((await claim({ owner: "bo", ticket: body["ticket"] })).body["ticket"], body["ticket"]);
  });
  await smoke.step("a slash in a lane, a lease of 0, a body that is none: each is refused with what is wrong", async () => {
    const claim = (lane: string, ...more: string[]) => curl(`/lanes/${lane}/claim`, ...WITH_SECRET, ...more);
    assert.equal((await claim("a/b", ...data({ owner: "ana" }))).status, 404);
    assert.equal((await claim("a%2Fb", ...data({ owner: "ana" }))).status, 422);
    const { status, body } = await claim("a", ...data({ owner: "ana", lease_s: 0 }));
    assert.deepEqual([status, (body["detail"] as { loc: unknown }[])[0]?.loc], [422, ["body", "lease_s"]]);
    assert.equal((await claim("a", "-d", "owner=ana")).status, 422);
  });
  await smoke.step("a method that is not for a route gets 405, a path that is none 404, a slash at the end no redirect", async () => {
    assert.equal((await curl("/message")).status, 405);
    assert.equal((await curl("/status", "-X", "POST")).status, 405);
    assert.equal((await curl("/nothing")).status, 404);
    assert.equal((await curl("/status/")).status, 200);
  });
  await smoke.step("a flag is acknowledged by a person with the sidecar's own token, and by nobody else", async () => {
    const ack = (...more: string[]) => curl(`/messages/${id}/ack`, ...more, ...data({ by: "cy" }));
    assert.equal((await ack(...WITH_SECRET)).status, 403);
    const { status, body } = await ack("-H", `Authorization: Bearer ${sidecar.token}`);
    assert.deepEqual([status, (body["acknowledged"] as Record<string, unknown>)["by"]], [200, "cy"]);
    assert.deepEqual((await curl("/status")).body["pending_action_flags"], []);
  });
  await smoke.step("GET /events tells from any revision on what has happened since", async () => {
    const { body } = await curl("/status");
    const { stdout } = await run("sh", ["-c", `curl -sSN -m 5 "${base}/events?after=0" | head -c 600`], { env: scratch.env });
    assert.match(stdout, /^id: \d+\nevent: board\ndata: \{"revision":\d+,/m);
    assert.ok(Number(body["revision"]) > 5);
  });
  await smoke.step("a page from elsewhere reaches nothing", async () => {
    assert.equal((await curl("/status", "-H", "Origin: https://evil.example")).status, 403);
  });
});
