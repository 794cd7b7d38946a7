/**
 * The guard against a server that speaks its contract: the script with curl, and what runs where there is none.
 * `src/cli/init.test.ts` runs it against the sidecar itself.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../../git/scratch.test.fixture.ts";
import { guard, type Way, wire } from "./guard.test.fixture.ts";
import { denialIn } from "./run-hook.ts";

const DENY = JSON.stringify({
  hookSpecificOutput: {
    hookEventName: "PreToolUse",
    permissionDecision: "deny",
    permissionDecisionReason: "held \\n by 'bo' %s $HOME `x` ü",
  },
});
const WAYS: readonly Way[] = ["curl", "node"];

describe.each(WAYS)("by way of %s", (way) => {
  it("hands the question on as it is, and keeps silent when the edit may go on", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("re po's «ü»");
    await using sidecar = await wire(scratch, repo);
    const body = `{"tool_name":"Write","tool_input":{"file_path":"/x/$(touch ${scratch.folder}/ran)\`touch ${scratch.folder}/ran\`","content":"\\u0000 ü 🚦 %s \\\\"}}\n\n`;

    const { code, stdout, stderr, pid } = await guard(way, { store: sidecar.store.folder, env: scratch.env, body });

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
    const [asked] = sidecar.asked;
    expect(asked).toMatchObject({ method: "POST", path: "/hook/pre-tool-use" });
    expect(asked?.headers).toMatchObject({
      authorization: `Bearer ${sidecar.token}`,
      "content-type": "application/json",
      "x-signalbox-host": "claude",
    });
    expect([process.pid, pid]).toContain(Number(asked?.headers["x-signalbox-pid"]));
    expect(asked?.body.toString("utf8")).toBe(body);
    await expect(access(join(scratch.folder, "ran"))).rejects.toThrow("ENOENT");
  });

  it("prints what denies the edit as it came", async () => {
    await using scratch = await scratchFolder();
    await using sidecar = await wire(scratch, await scratch.repository("repo"));
    sidecar.reply = { status: 200, body: DENY };

    const answer = await guard(way, { store: sidecar.store.folder, env: scratch.env, body: Buffer.alloc(900_000, "x") });

    expect(answer).toMatchObject({ code: 0, stdout: `${DENY}\n`, stderr: "" });
    expect(sidecar.asked[0]?.body.length).toBe(900_000);
  });

  it.each([
    { name: "does not take the token", reply: { status: 401 }, says: /does not take the token/ },
    { name: "knows no guard", reply: { status: 404 }, says: /knows no guard; `signalbox stop`/ },
    { name: "is broken", reply: { status: 500, body: "{}" }, says: /answered with status 500/ },
    { name: "answers something else", reply: { status: 200, body: "<html>" }, says: /something else than a decision/ },
    { name: "answers nothing", reply: { status: 200, body: "" }, says: /something else than a decision/ },
    { name: "keeps silent", reply: "silence", says: /has not answered within 2 seconds/ },
  ] as const)("lets the edit through with a line on stderr when the sidecar $name, and denies it when strict", async ({ reply, says }) => {
    await using scratch = await scratchFolder();
    await using sidecar = await wire(scratch, await scratch.repository("repo"));
    sidecar.reply = reply;
    const run = { store: sidecar.store.folder, env: scratch.env, body: Buffer.alloc(300_000, "x") };

    const [open, strict] = await Promise.all([guard(way, run), guard(way, { ...run, strict: true })]);

    expect(open).toMatchObject({ code: 1, stdout: "" });
    expect(strict.code).toBe(0);
    expect(open.stderr).toMatch(says);
    expect(open.stderr).toMatch(/^signalbox: [^\n]*; this edit is not guarded\n$/);
    expect(strict.stderr).toMatch(/^signalbox: [^\n]*; this edit is denied, because the guard is strict\n$/);
    expect(denialIn(strict)).toMatch(says);
    expect(denialIn(strict)).toContain("`signalbox sidecar`");
  });

  it("lets the edit through when no sidecar has left a file, or one that is gone has", async () => {
    await using scratch = await scratchFolder();
    await using sidecar = await wire(scratch, await scratch.repository("repo"));
    await sidecar.hangUp();
    const run = { store: sidecar.store.folder, env: scratch.env, body: Buffer.alloc(300_000, "x") };

    const gone = await guard(way, run);
    await unlink(join(sidecar.store.folder, "sidecar.json"));
    await unlink(join(scratch.env["XDG_RUNTIME_DIR"] ?? "", "signalbox", `${sidecar.store.digest10}.json`));
    const none = await guard(way, run);
    const strict = await guard(way, { ...run, strict: true });

    for (const { code, stdout } of [gone, none]) expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(gone.stderr).toMatch(/^signalbox: no sidecar [^\n]*; this edit is not guarded\n$/);
    expect(none.stderr).toMatch(/^signalbox: no sidecar runs [^\n]*; this edit is not guarded\n$/);
    expect(denialIn(strict)).toContain("no sidecar runs");
  });
});

describe("the script", () => {
  it.for(["dash", "bash --posix", "busybox sh"])("runs under %s as well", async (shell, context) => {
    context.skip(!(await isInstalled(shell)), "not installed here");
    await using scratch = await scratchFolder();
    await using sidecar = await wire(scratch, await scratch.repository("repo"));
    sidecar.reply = { status: 200, body: DENY };

    const answer = await guard("curl", { store: sidecar.store.folder, env: scratch.env, shell });

    expect(answer).toMatchObject({ code: 0, stdout: `${DENY}\n`, stderr: "" });
  });

  it("asks nobody when the process that left the file is gone and somebody else has the port", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    const ended = spawn("true");
    await once(ended, "exit");
    await using sidecar = await wire(scratch, repo, { pid: ended.pid ?? 0, store_id: "00000000-0000-4000-8000-000000000000" });

    const answer = await guard("curl", { store: sidecar.store.folder, env: scratch.env, body: "secret" });

    expect(answer).toMatchObject({ code: 1, stdout: "" });
    expect(answer.stderr).toContain("no sidecar runs");
    expect(sidecar.asked).toEqual([]);
  });

  it("asks a sidecar whose process is not seen from here when it names the store", async () => {
    await using scratch = await scratchFolder();
    const ended = spawn("true");
    await once(ended, "exit");
    await using sidecar = await wire(scratch, await scratch.repository("repo"), { pid: ended.pid ?? 0 });
    sidecar.reply = { status: 200, body: DENY };

    expect(await guard("curl", { store: sidecar.store.folder, env: scratch.env })).toMatchObject({ stdout: `${DENY}\n`, stderr: "" });
  });

  it.each([
    { member: "host", value: "evil.example" },
    { member: "host", value: "127.0.0.1 -o /x" },
    { member: "port", value: "80/../x" },
    { member: "token", value: 'x"\\nurl = \\"http://evil.example' },
  ])("uses no $member like $value from a discovery file", async ({ member, value }) => {
    await using scratch = await scratchFolder();
    await using sidecar = await wire(scratch, await scratch.repository("repo"));
    const path = join(sidecar.store.folder, "sidecar.json");
    const lines = (await readFile(path, "utf8")).split("\n");
    const broken = lines.map((line) => (line.startsWith(`  "${member}"`) ? `  "${member}": ${JSON.stringify(value)},` : line)).join("\n");
    await writeFile(path, member === "port" ? broken.replace(`"${value}"`, value) : broken);
    await unlink(join(scratch.env["XDG_RUNTIME_DIR"] ?? "", "signalbox", `${sidecar.store.digest10}.json`));

    const answer = await guard("curl", { store: sidecar.store.folder, env: scratch.env });

    expect(answer).toMatchObject({ code: 1, stdout: "" });
    expect(answer.stderr).toMatch(/^signalbox: no sidecar runs/);
    expect(sidecar.asked).toEqual([]);
  });

  it("is not led elsewhere by a proxy or the user's settings of curl", async () => {
    await using scratch = await scratchFolder();
    await using sidecar = await wire(scratch, await scratch.repository("repo"));
    sidecar.reply = { status: 200, body: DENY };
    await writeFile(join(scratch.env["HOME"] ?? "", ".curlrc"), `output = "${scratch.folder}/elsewhere"\n`);
    const env = { ...scratch.env, http_proxy: "http://127.0.0.1:1", ALL_PROXY: "http://127.0.0.1:1" };

    expect(await guard("curl", { store: sidecar.store.folder, env })).toMatchObject({ code: 0, stdout: `${DENY}\n`, stderr: "" });
    expect(sidecar.asked).toHaveLength(1);
  });

  it("shows the token in no list of processes", async (context) => {
    context.skip(process.platform !== "linux", "looks into /proc");
    await using scratch = await scratchFolder();
    await using sidecar = await wire(scratch, await scratch.repository("repo"));
    sidecar.reply = "silence";
    const seen = new Set<string>();
    let over = false;
    const running = guard("curl", { store: sidecar.store.folder, env: scratch.env }).finally(() => (over = true));

    while (!over) for (const line of await commandLines()) seen.add(line);
    await running;

    expect([...seen].some((line) => line.includes(`:${sidecar.port}/hook/pre-tool-use`))).toBe(true);
    expect([...seen].filter((line) => line.includes(sidecar.token))).toEqual([]);
  });

  it.each([{ args: "" }, { args: "--store" }, { args: "--strict --store" }, { args: "--unknown x --" }])(
    "never ends with a code that a client could take for a denial, as with the arguments «$args»",
    async ({ args }) => {
      const script = join(import.meta.dirname, "../../../bin/signalbox-guard.sh");
      const child = spawn("/bin/sh", ["-c", `'${script}' ${args}`], { stdio: ["ignore", "ignore", "ignore"] });

      expect(await once(child, "close")).toEqual([args.includes("--strict") ? 0 : 1, null]);
    },
  );
});

async function isInstalled(shell: string): Promise<boolean> {
  const child = spawn("/bin/sh", ["-c", `command -v ${shell.split(" ")[0]}`]);
  return ((await once(child, "close")) as [number])[0] === 0;
}

async function commandLines(): Promise<readonly string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
}
