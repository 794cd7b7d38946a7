/** The panel in a browser, as a person has it: other people's text, news, a person's word, and pages of other origins. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser, whyNoBrowser } from "./support/browser.ts";
import { freePorts } from "./support/caddy.ts";
import { connectMpac, type Members, type MpacClient } from "./support/mpac-client.ts";
import { startNode } from "./support/processes.ts";
import { launcher } from "./support/program.ts";
import { type Scratch, scratchFolder } from "./support/scratch.ts";
import { askHealth, startSidecarOf, type StartedSidecar } from "./support/sidecar.ts";
import { eventually } from "./support/wait.ts";

const run = promisify(execFile);

const why = await whyNoBrowser();
if (why !== undefined) process.stderr.write(`The panel is not tried in a browser: ${why}\n`);

const HOSTILE = '<img src=x onerror="window.ran = true"><script>window.ran = true</script>';
const TURNED = "\u202Egnp.exe";

let browser: Browser & AsyncDisposable;

beforeAll(async () => {
  if (why === undefined) browser = await openBrowser();
});
afterAll(() => browser?.close());

/** A page that tries whatever a page can. */
const OTHER_PAGE = `<!doctype html><body><script>
  const got = (asked) => asked.then((answer) => answer.type === "opaque" || answer.ok, () => false);
  const loaded = (name, address) =>
    new Promise((resolve) => {
      const node = document.createElement(name);
      node.addEventListener("load", () => resolve(true));
      node.addEventListener("error", () => resolve(false));
      node.src = address;
      document.body.append(node);
    });
  const opened = (address) =>
    new Promise((resolve) => {
      const socket = new WebSocket(address);
      socket.addEventListener("open", () => resolve(true));
      socket.addEventListener("error", () => resolve(false));
    });
  async function tryAll(base, token) {
    const headers = { authorization: "Bearer " + token };
    const reached = {
      state: await got(fetch(base + "/dashboard/state", { headers })),
      plain: await got(fetch(base + "/dashboard/state")),
      page: await got(fetch(base + "/")),
      acknowledges: await got(fetch(base + "/dashboard/ack", { method: "POST", body: "{}", headers })),
      script: await loaded("script", base + "/dashboard/app.js"),
      icon: await loaded("img", base + "/dashboard/icon.svg"),
      socket: await opened(base.replace("http", "ws") + "/"),
    };
    await loaded("iframe", base + "/");
    return reached;
  }
</script></body>`;

interface World extends AsyncDisposable {
  readonly scratch: Scratch;
  readonly workspace: string;
  readonly sidecar: StartedSidecar;
  readonly base: string;
  readonly ana: MpacClient;
  post(path: string, body: object): Promise<Members>;
  /** What the command prints. */
  address(): Promise<string>;
}

async function world(): Promise<World> {
  const scratch = await scratchFolder();
  const workspace = await scratch.repository("workspace");
  const sidecar = await startSidecarOf(scratch, workspace);
  const ana = await connectMpac(sidecar.uri, "ana");
  await ana.join();
  const base = `http://127.0.0.1:${sidecar.port}`;
  return {
    scratch,
    workspace,
    sidecar,
    base,
    ana,
    async post(path, body) {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      return (await (await fetch(`${base}/api/bus/${path}`, init)).json()) as Members;
    },
    async address() {
      const args = [launcher("signalbox"), "dashboard", "--workspace", workspace];
      return (await run(process.execPath, args, { env: scratch.env })).stdout.trim();
    },
    async [Symbol.asyncDispose]() {
      for (const thing of [ana, sidecar, scratch]) await thing[Symbol.asyncDispose]();
    },
  };
}

/** The panel, opened with an address of its own, live. */
async function panel(of: World, size = { width: 1280, height: 900 }): Promise<Page & AsyncDisposable> {
  const context = await browser.newContext({ viewport: size });
  const page = await context.newPage();
  await page.goto(await of.address());
  await page.locator('#connection[data-state="live"]').waitFor();
  await page.locator("#working tbody tr").first().waitFor();
  return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() });
}

const announce = (client: MpacClient, id: string, objective: string, resources: string[] = ["src/app.ts"]) =>
  client.outcome(client.send("INTENT_ANNOUNCE", { intent_id: id, objective, scope: { kind: "file_set", resources } }));

const message = (body: string, over: object = {}) => ({ topic: "t", sender: "bo", body, action_flag: false, ...over });

describe.skipIf(why !== undefined)("the panel in a browser", () => {
  it("shows whatever others write as the text that it is", async () => {
    await using here = await world();
    await announce(here.ana, HOSTILE, `${HOSTILE} ${TURNED}`, [`src/${HOSTILE.replaceAll("/", "|")}.ts`]);
    await here.post("message", message(`${HOSTILE}\n${"w".repeat(5_000)}`, { topic: HOSTILE, sender: TURNED, action_flag: true }));
    await here.post(`lanes/${encodeURIComponent(HOSTILE.replaceAll("/", "|"))}/claim`, { owner: `${TURNED} ${HOSTILE}`, lease_s: 60 });
    await using page = await panel(here, { width: 360, height: 780 });
    await page.locator("#lanes tbody tr").waitFor();

    const shown = await page.locator("main").innerText();
    const made = await page.evaluate(`({
      ran: window.ran ?? false,
      foreign: document.querySelectorAll("main img, main script, main iframe").length,
      wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    })`);

    expect(made).toEqual({ ran: false, foreign: 0, wider: 0 });
    expect(shown).toContain(`${HOSTILE} ‹U+202E›gnp.exe`);
    expect(shown).not.toContain("\u202E");
    expect(await page.locator("#working code").innerText()).toContain("<img src=x onerror=");
  });

  it("shows what happens while it is open, and keeps what a person has opened", async () => {
    await using here = await world();
    await here.post("message", message(Array.from({ length: 20 }, (_, index) => `line ${index}`).join("\n"), { action_flag: true }));
    await using page = await panel(here);
    await page.locator("#flags summary").click();
    await announce(here.ana, "one", "paint the signal");
    await here.post("lanes/deploy/claim", { owner: "bo", lease_s: 60 });
    await here.post("message", message("another", { action_flag: true }));

    await page.locator("#working", { hasText: "paint the signal" }).waitFor();
    await page.locator("#lanes", { hasText: "deploy" }).waitFor();
    await page.locator("#count-flags", { hasText: "2" }).waitFor();

    expect(await page.locator("#flags details[open]").count()).toBe(1);
    expect(await page.title()).toBe("(2) Signalbox: workspace");
  });

  it("takes a person's word, and the keyboard stays where it was", async () => {
    await using here = await world();
    const { id } = await here.post("message", message("the key expires", { action_flag: true }));
    await using page = await panel(here);
    await page.getByRole("button", { name: "Acknowledge the message of bo about t" }).press("Enter");
    await page.locator("#flags").waitFor({ state: "hidden" });

    const { messages } = (await (await fetch(`${here.base}/api/bus/messages`)).json()) as { messages: Members[] };
    expect(messages).toMatchObject([{ id, acknowledged: { by: "person:Ana" } }]);
    expect(await page.evaluate("document.activeElement.id")).toBe("flags-title");
    await page.locator("#messages", { hasText: "acknowledged by person:Ana" }).waitFor();
  });

  it("keeps its secret out of the address, comes back after a reload, and opens once with one address", async () => {
    await using here = await world();
    await using page = await panel(here);
    const url = page.url();
    await page.reload();
    await page.locator('#connection[data-state="live"]').waitFor();
    const address = await here.address();
    await page.goto(address);
    await page.waitForURL(`${here.base}/`);
    await page.locator('#connection[data-state="live"]').waitFor();
    const other = await page.context().newPage();
    await other.goto(address);
    await other.getByRole("alert").filter({ hasText: "this link was used" }).waitFor();

    expect([url, other.url()]).toEqual([`${here.base}/`, `${here.base}/`]);
  });

  it("says when it has lost the sidecar, and what to do when another life of it does not know the page", async () => {
    await using here = await world();
    await using page = await panel(here);
    await here.sidecar[Symbol.asyncDispose]();
    await page.locator('#connection[data-state="lost"]').waitFor();
    const lost = await page.locator("header").innerText();
    await using _next = await startSidecarOf(here.scratch, here.workspace, { args: ["--port", String(here.sidecar.port)] });
    await page.getByRole("heading", { name: "This panel is locked" }).waitFor();
    const locked = [await page.locator("header").innerText(), await page.title()];

    expect(locked).toEqual([expect.not.stringMatching(/next attempt|heard/), "Signalbox"]);
    expect(lost).toMatch(/Reconnecting: .*\s+heard .*, next attempt in/);
    expect(await page.locator("#sign-in-why").innerText()).toContain("run «signalbox dashboard»");
    await page.getByLabel("Token").fill(_next.token);
    await page.getByRole("button", { name: "Open" }).click();
    await page.locator('#connection[data-state="live"]').waitFor();
  });

  it("is out of reach of a page of another origin, with the token and without", async () => {
    await using here = await world();
    const server = createServer((_request, response) => void response.setHeader("content-type", "text/html").end(OTHER_PAGE));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

    const reached = await page.evaluate(`tryAll(${JSON.stringify(here.base)}, ${JSON.stringify(here.sidecar.token)})`);
    const [, framed] = page.frames();

    expect(reached).toEqual({ state: false, plain: false, page: false, acknowledges: false, script: false, icon: false, socket: false });
    expect(await framed?.locator("#panel").count()).toBe(0);
    await context.close();
    server.close();
  });

  it("hosted, asks for a token itself, and shows no more than that one opens", async () => {
    await using scratch = await scratchFolder();
    const [port = 0] = await freePorts(1);
    // As behind a proxy: the browser knows it by a name, which leads to this machine.
    const origin = `http://hub.example.org:${port}`;
    const entry = { allowed_sessions: ["red"], roles: ["contributor"] };
    const table = { "ana-token": { ...entry, holder: "ana" }, "bo-token": { ...entry, allowed_sessions: ["blue"] } };
    const env = { ...scratch.env, MPAC_TOKEN_TABLE: JSON.stringify(table), SIGNALBOX_ALLOWED_ORIGINS: origin };
    const args = [launcher("signalbox"), "sidecar", "--multi-session", "--port", String(port), "--store", join(scratch.folder, "store")];
    await using _hosted = startNode(args, { cwd: scratch.folder, env });
    await eventually("the coordinator", () => askHealth(port));
    const session = `127.0.0.1:${port}/session/red`;
    await using ana = await connectMpac(`ws://${session}`, "ana", { headers: { authorization: "Bearer ana-token" } });
    await ana.join();
    const posted = { method: "POST", body: JSON.stringify(message("look", { sender: "ana", action_flag: true })) };
    await fetch(`http://${session}/api/bus/message`, { ...posted, headers: { authorization: "Bearer ana-token" } });
    await using named = await openBrowser([`--host-resolver-rules=MAP hub.example.org 127.0.0.1`]);
    const page = await named.newPage();
    await page.goto(`${origin}/session/red`);
    const enter = async (token: string): Promise<void> => {
      await page.getByLabel("Token").fill(token);
      await page.getByRole("button", { name: "Open" }).click();
    };

    await enter("bo-token");
    await page.getByRole("alert").filter({ hasText: "this token is not for this session" }).waitFor();
    await enter("ana-token");
    await page.locator("#working", { hasText: "ana" }).waitFor();
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.locator("#messages", { hasText: "acknowledged by person:ana" }).waitFor();

    expect(page.url()).toBe(`${origin}/session/red/`);
  });
});
