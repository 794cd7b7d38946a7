import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isGitName, readWrittenPath } from "./written-path.ts";

const ok = (path: string) => ({ ok: true, path });

describe("a path that is understood", () => {
  it.each([
    ["src/app.ts", "src/app.ts"],
    ["./src/app.ts", "src/app.ts"],
    ["././src//app.ts", "src/app.ts"],
    ["src/../app.ts", "app.ts"],
    ["src/.", "src"],
    ["../repo/app.ts", "app.ts"],
    ["src\\deep\\app.ts", "src/deep/app.ts"],
    ["src/app.ts/", "src/app.ts"],
    ["/repo/src/app.ts", "src/app.ts"],
    ["/link-to-repo/src/app.ts", "src/app.ts"],
    ["a b/ü/日本.txt", "a b/ü/日本.txt"],
    [".gitignore", ".gitignore"],
    [".github/workflows/ci.yml", ".github/workflows/ci.yml"],
    ["fixture.git/HEAD", "fixture.git/HEAD"],
    ["..a", "..a"],
    ["con.txt", "con.txt"],
    [`${"n".repeat(255)}`, "n".repeat(255)],
  ])("%j is %j", (written, path) => {
    expect(readWrittenPath(["/repo", "/link-to-repo"], written, "linux")).toEqual(ok(path));
  });
});

describe("a path that is refused", () => {
  it.each([
    ["", /is empty/],
    [".", /is the worktree itself/],
    ["/repo", /is the worktree itself/],
    ["..", /outside the worktree/],
    ["../other/a", /outside the worktree/],
    ["src/../../other", /outside the worktree/],
    ["..\\..\\etc\\passwd", /outside the worktree/],
    ["/etc/passwd", /outside the worktree/],
    ["/repository/a", /outside the worktree/],
    ["//server/share/a", /outside the worktree/],
    ["C:\\repo\\a", /names a drive/],
    ["./C:", /like a drive/],
    ["c:a", /names a drive/],
    [".git/config", /git's own directory/],
    [".GIT/config", /git's own directory/],
    ["src/../.Git/hooks/pre-commit", /git's own directory/],
    ["sub/.git", /git's own directory/],
    ["git~1/config", /git's own directory/],
    ["GIT~1", /git's own directory/],
    [".git. . /config", /git's own directory/],
    [".git::$INDEX_ALLOCATION/config", /git's own directory/],
    [".g\u200cit/config", /git's own directory/],
    ["\ufeff.git/config", /git's own directory/],
    ["a\0b", /control character/],
    ["a\nb", /control character/],
    ["a\u007fb", /control character/],
    ["a\u0085b", /control character/],
    ["a\ud800b", /half of a character/],
    ["n".repeat(256), /longer than 255 bytes/],
    ["ü".repeat(128), /longer than 255 bytes/],
    ["n/".repeat(512) + "n", /longer than 1024 bytes/],
  ])("%j", (written, why) => {
    const answer = readWrittenPath(["/repo"], written, "linux");

    expect(answer).toEqual({ ok: false, why: expect.stringMatching(why) as string });
  });
});

describe("on Windows", () => {
  it.each([
    ["src\\app.ts", "src/app.ts"],
    ["C:\\Repo\\src\\app.ts", "src/app.ts"],
    ["c:/repo/src/app.ts", "src/app.ts"],
  ])("%j is %j", (written, path) => {
    expect(readWrittenPath(["C:\\Repo"], written, "win32")).toEqual(ok(path));
  });

  it.each([
    ["D:\\Repo\\a", /outside the worktree/],
    ["\\\\server\\share\\a", /outside the worktree/],
    ["\\\\?\\C:\\Repo\\a", /outside the worktree/],
    ["\\a", /outside the worktree/],
    ["C:a", /names a drive/],
    ["nul", /a device of Windows/],
    ["src/COM1.txt", /a device of Windows/],
    ["com¹", /a device of Windows/],
    ["aux .c", /a device of Windows/],
    ["CONIN$", /a device of Windows/],
    ["a.ts:stream", /does not allow/],
    ["a?.ts", /does not allow/],
    ["name.", /ends in a dot or a space/],
    ["folder /a", /ends in a dot or a space/],
    [".git \\config", /git's own directory/],
  ])("%j is refused", (written, why) => {
    expect(readWrittenPath(["C:\\Repo"], written, "win32")).toEqual({ ok: false, why: expect.stringMatching(why) as string });
  });

  it("takes names that only begin like a device", () => {
    expect(readWrittenPath(["C:\\Repo"], "console/auxiliary.c", "win32")).toEqual(ok("console/auxiliary.c"));
  });
});

it("never gives a path that leaves the worktree or enters git's own directory, and reads its own answer as the same path", () => {
  const piece = fc.oneof(
    fc.constantFrom("..", ".", "", "/", "\\", ".git", ".GIT ", "git~1", "repo", "a", "ü", "\0", "\ud800", "C:"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom("linux" as const, "win32" as const), (pieces, platform) => {
      const root = platform === "win32" ? "C:\\repo" : "/repo";
      const answer = readWrittenPath([root], pieces.join("/"), platform);
      if (!answer.ok) return;

      const segments = answer.path.split("/");
      expect(segments.some((segment) => segment === "" || segment === "." || segment === ".." || isGitName(segment))).toBe(false);
      expect(readWrittenPath([root], answer.path, platform)).toEqual(answer);
    }),
    { numRuns: 500 },
  );
});
