import { describe, expect, it } from "vitest";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { EXIT } from "./exit-codes.ts";
import { sidecarHere, signalbox } from "./program.test.fixture.ts";

describe("signalbox dashboard", () => {
  it("prints an address that opens the panel of the repository's session, another one each time", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");
    await using sidecar = await sidecarHere(repo);

    const shown = await signalbox(scratch, "dashboard", "--workspace", repo);
    const json = await signalbox(scratch, "dashboard", "--json", "--workspace", repo);
    const { url } = JSON.parse(json.stdout) as { url: string };
    const link = new URL(url).hash.replace("#link=", "");
    const answer = await fetch(new URL("/dashboard/enter", url), { method: "POST", body: JSON.stringify({ link }) });

    expect([shown.code, json.code]).toEqual([EXIT.ok, EXIT.ok]);
    expect(shown.stdout).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${sidecar.port}/#link=[\\w-]{43}\\n$`));
    expect(shown.stdout.trim()).not.toBe(url);
    expect(answer.status).toBe(200);
  });

  it("starts no sidecar and says what to do where none runs", async () => {
    await using scratch = await scratchFolder();
    const repo = await scratch.repository("repo");

    const { code, stdout, stderr } = await signalbox(scratch, "dashboard", "--workspace", repo);

    expect([code, stdout]).toEqual([EXIT.unreachable, ""]);
    expect(stderr).toMatch(/no sidecar runs for .*start a coding client there/);
  });
});
