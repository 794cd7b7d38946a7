import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { guardCommand, isGuardCommand, shellWord } from "./guard-command.ts";

const run = promisify(execFile);
const LAUNCH = { command: "/usr/bin/node", args: ["/opt/signal box/bin/signalbox.js"] };

it.each([
  "plain/path-1.0_x",
  "with space",
  "it's",
  '"quoted"',
  "$(touch never) `touch never` $HOME",
  "a\\b",
  "zwei\nZeilen",
  "ünïcode 🚦",
  "!history",
  "~",
  "*",
  "",
  "-x",
])("is one word for the shell, whatever stands in it: %j", async (text) => {
  expect((await run("/bin/sh", ["-c", `printf %s ${shellWord(text)}`.replace("printf %s -", "printf -- -")])).stdout).toBe(text);
});

it("names the script, the store and what does the work without curl, and says strict when it is", () => {
  const relaxed = guardCommand({ store: "/a b/.git/signalbox", strict: false, launch: LAUNCH });
  const strict = guardCommand({ store: "/a b/.git/signalbox", strict: true, launch: LAUNCH });

  expect(relaxed).toMatch(
    /^\/.*\/signalbox-guard\.sh --store '\/a b\/\.git\/signalbox' -- \/usr\/bin\/node '\/opt\/signal box\/bin\/signalbox\.js'$/,
  );
  expect(strict).toBe(relaxed.replace(" -- ", " --strict -- "));
  expect([relaxed, strict].map(isGuardCommand)).toEqual([true, true]);
});

it.each([
  { command: "'/old place/dist/bin/signalbox-guard.sh' --store /x -- node y", ours: true },
  { command: "node /x/signalbox.js hook pre-tool-use", ours: true },
  { command: "signalbox hook pre-tool-use --strict", ours: true },
  { command: "clash check", ours: false },
  { command: "echo signalbox", ours: false },
])("takes $command for ours: $ours", ({ command, ours }) => {
  expect(isGuardCommand(command)).toBe(ours);
});
