import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers, coversFile, MAX_PATH_LENGTH, overlaps, parseResource, type PathRules, type Resource } from "./resource.ts";

const rules: PathRules = { foldCase: false, roots: ["/home/ana/app", "/home/ana/app/trees/fix", "C:\\srv\\app"] };
const folding: PathRules = { ...rules, foldCase: true };

function parsed(text: string, under = rules): Resource {
  const resource = parseResource(text, under);
  if ("refused" in resource) throw new Error(resource.refused);
  return resource;
}

describe("a path is shown", () => {
  it.each([
    ["src/app.ts", "src/app.ts"],
    ["./src/app.ts", "src/app.ts"],
    ["././src/app.ts", "src/app.ts"],
    ["src//lib///app.ts", "src/lib/app.ts"],
    ["src/lib/", "src/lib"],
    ["src\\lib\\app.ts", "src/lib/app.ts"],
    [".\\src/lib\\", "src/lib"],
    ["src/./lib/.", "src/lib"],
    ["src/../lib/app.ts", "lib/app.ts"],
    ["src/lib/../../app.ts", "app.ts"],
    ["src/..", ""],
    ["", ""],
    [".", ""],
    ["./", ""],
    ["SRC/App.ts", "SRC/App.ts"],
    [".env", ".env"],
    ["..hidden/a...b", "..hidden/a...b"],
    ["a file/with space.ts ", "a file/with space.ts "],
    ["lib/c:d", "lib/c:d"],
    ["__proto__/constructor", "__proto__/constructor"],
    ["/home/ana/app/src/app.ts", "src/app.ts"],
    ["/home/ana/app", ""],
    ["//home/ana/./app//src/", "src"],
    ["/home/ana/app/trees/fix/src/app.ts", "src/app.ts"],
    ["/home/ana/app/trees/other/app.ts", "trees/other/app.ts"],
    ["/home/ana/lib/../app/app.ts", "app.ts"],
    ["C:\\srv\\app\\src\\app.ts", "src/app.ts"],
    ["c:/srv/app/src/app.ts", "src/app.ts"],
    ["/C:/srv/app/src/app.ts", "src/app.ts"],
    ["/home/ana/app/src/*.ts", "src/*.ts"],
  ])("%j as %j", (text, path) => {
    expect(parsed(text).path).toBe(path);
  });

  it("relative to the root of the file system when the workspace is that", () => {
    expect(parsed("/etc/app", { foldCase: false, roots: ["/"] }).path).toBe("etc/app");
  });

  it("relative to a root that is written in other letters where case is folded", () => {
    expect(parsed("/HOME/Ana/App/Src", folding)).toEqual({ path: "Src", key: "src", glob: false });
  });
});

describe("a path is refused, with what to write instead,", () => {
  it.each([
    ["..", "leaves the workspace"],
    ["../app/src", "leaves the workspace"],
    ["src/../../etc/passwd", "leaves the workspace"],
    ["src\\..\\..\\etc", "leaves the workspace"],
    ["/../home/ana/app", "leaves the workspace"],
    ["C:\\..\\work\\app", "leaves the workspace"],
    ["/etc/passwd", "is absolute and outside the workspace"],
    ["/home/ana/application", "is absolute and outside the workspace"],
    ["/home/ana/app/../other", "is absolute and outside the workspace"],
    ["/HOME/ana/app/src", "is absolute and outside the workspace"],
    ["/home/*/app/src", "is absolute and outside the workspace"],
    ["D:/srv/app/src", "is absolute and outside the workspace"],
    ["C:", "is absolute and outside the workspace"],
    ["/srv/app/src", "is absolute and outside the workspace"],
    ["\\\\host\\share\\app", "is absolute and outside the workspace"],
    ["\\\\?\\C:\\srv\\app", "is absolute and outside the workspace"],
    ["C:app.ts", "begins with a drive letter"],
    ["./C:/work", "begins with a drive letter"],
    ["/home/ana/app/C:/work", "begins with a drive letter"],
    ["src/*/../app.ts", "goes up through a wildcard"],
    ["src/**/../app.ts", "goes up through a wildcard"],
    ["./...", "of dots or spaces"],
    ["src/.. /etc", "of dots or spaces"],
    [" ", "of dots or spaces"],
    ["src/a\0.ts", "control character"],
    ["src/a\n.ts", "control character"],
    ["src/a\u009b.ts", "control character"],
    ["src/\ud800.ts", "surrogate"],
    ["a".repeat(MAX_PATH_LENGTH + 1), "has 4097 characters"],
  ])("when it is %j", (text, why) => {
    const resource = parseResource(text, rules);

    expect(resource).toEqual({ refused: expect.stringMatching(/^the path "[^\n]{0,500}; (write|name) /) });
    expect(resource).toEqual({ refused: expect.stringContaining(why) });
  });

  it("when it is absolute and there is no root", () => {
    expect(parseResource("/home/ana/app", { foldCase: false, roots: [] })).toHaveProperty("refused");
  });
});

describe("a path is compared", () => {
  it.each([
    ["src/App.ts", rules, "src/App.ts"],
    ["src/App.ts", folding, "src/app.ts"],
    ["e\u0301t\u00e9", rules, "\u00e9t\u00e9"],
    ["E\u0301t\u00c9", folding, "\u00e9t\u00e9"],
    ["\u039f\u0394\u039f\u03a3", folding, "\u03bf\u03b4\u03bf\u03c3"],
    ["\u03bf\u03b4\u03bf\u03c2", folding, "\u03bf\u03b4\u03bf\u03c3"],
    ["\u212aelvin", folding, "kelvin"],
    ["\u017ftop", folding, "stop"],
    ["\u0390", folding, "\u0390"],
  ])("%j by its key", (text, under, key) => {
    expect(parsed(text, under)).toMatchObject({ path: text, key });
  });

  it.each([
    ["src/*.ts", true],
    ["src/app?.ts", true],
    ["**", true],
    ["app/[id]/page.tsx", false],
    ["app/[...slug]/{a,b}.ts", false],
    ["!src/(group)/+page.ts", false],
  ])("%j is a glob: %j", (text, glob) => {
    expect(parsed(text).glob).toBe(glob);
  });
});

const hostileText = fc
  .array(
    fc.constantFrom(
      "/",
      "/",
      "\\",
      ".",
      "..",
      " ",
      "a",
      "A",
      "C:",
      "*",
      "**",
      "?",
      "[",
      "é",
      "e\u0301",
      "ς",
      "Σ",
      "İ",
      "ß",
      "\0",
      "\ud83d",
    ),
  )
  .map((pieces) => pieces.join(""));

it.each([rules, folding])("normalising twice changes nothing, whatever the text", (under) => {
  fc.assert(
    fc.property(fc.oneof(hostileText, fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), (text) => {
      const once = parseResource(text, under);
      if ("refused" in once) return;

      expect(parseResource(once.path, under)).toEqual(once);
      expect(parseResource(once.key, under)).toEqual({ ...once, path: once.key });
      expect(once.path).not.toMatch(/^\/|\/$|\/\/|\\|(^|\/)\.\.?(\/|$)/);
    }),
    { numRuns: 2_000 },
  );
});

it.each([rules, folding])("a path that is taken as it stands is what a closer look at it finds", (under) => {
  const segment = fc.array(fc.constantFrom("a", "A", ".", "*", "?", "-", " ", ":", "é", "~", "\x7f"), { maxLength: 3 });
  const relative = fc
    .array(segment, { minLength: 1, maxLength: 3 })
    .map((names) => names.map((name) => name.join("")).join("/"))
    .filter((text) => !/^\/|^[a-z]:/i.test(text));
  const found = (text: string) => {
    const resource = parseResource(text, under);
    return "refused" in resource ? "refused" : resource;
  };

  fc.assert(
    fc.property(relative, (text) => {
      expect(found(text)).toEqual(found(`./${text}`));
    }),
    { numRuns: 2_000 },
  );
});

describe("two resources overlap", () => {
  it.each([
    ["src/app.ts", "src/app.ts", true],
    ["src", "src/app.ts", true],
    ["src/ap", "src/app.ts", false],
    ["src", "src2/app.ts", false],
    ["", "src/app.ts", true],
    ["", "", true],
    ["", "*.md", true],
    ["src/app.ts", "SRC/app.ts", false],
    ["src", "src/*.ts", true],
    ["src/lib", "src/*.ts", false],
    ["src/lib", "src/*", true],
    ["src/lib/app.ts", "src/*", false],
    ["src/lib/app.ts", "src/**", true],
    ["src", "src/**", true],
    ["src", "**/*.ts", true],
    ["src/app.ts", "**/*.ts", true],
    ["src/app.md", "**/*.ts", false],
    ["src/app", "**/*.ts", true],
    ["src/v1.2", "**/*.ts", true],
    ["src/app.ts", "src/app.ts/*", true],
    ["src/.env", "src/*", true],
    ["src/a.ts", "src/?.ts", true],
    ["src/😀.ts", "src/?.ts", true],
    ["src/ab.ts", "src/?.ts", false],
    ["app/[id]/page.tsx", "app/i/page.tsx", false],
    ["app/[id]/page.tsx", "app/[*]/page.tsx", true],
    ["src/*.ts", "src/*.md", false],
    ["src/*.ts", "src/a*", true],
    ["src/*.test.ts", "src/*.ts", true],
    ["src/**/*.ts", "**/lib/**", true],
    ["src/**/a.ts", "src/**/b.ts", false],
    ["src/**", "lib/**", false],
    ["**/a/**", "**/b/**", true],
    ["a/**/b", "a/b", true],
    ["src/a**b.ts", "src/axyb.ts", true],
    ["src/a**b.ts", "src/a/b.ts", false],
  ])("%j and %j: %j", (one, other, expected) => {
    expect(overlaps(parsed(one), parsed(other))).toBe(expected);
    expect(overlaps(parsed(other), parsed(one))).toBe(expected);
  });

  it("in any letters where case is folded", () => {
    expect(overlaps(parsed("SRC/*.TS", folding), parsed("src/App.ts", folding))).toBe(true);
  });
});

describe("one resource covers another", () => {
  it.each([
    ["src", "src/app.ts", true],
    ["src/app.ts", "src", false],
    ["", "src/**", true],
    ["src", "src/**/*.ts", true],
    ["src/lib", "src/**", false],
    ["src", "s*", false],
    ["src/**", "src", true],
    ["src/**", "src/lib", true],
    ["**", "", true],
    ["**/*", "", false],
    ["**/*", "src", true],
    ["src/*", "src/lib", false],
    ["src/*/**", "src/lib", true],
    ["**/*.ts", "src/app.ts", false],
    ["**/lib/**", "src/lib/a", true],
    ["src/**", "src/*.ts", true],
    ["src/**", "**/*.ts", false],
    ["src/*.ts", "src/*.ts", true],
    ["src/*.ts", "src/a*.ts", false],
  ])("%j holds all of %j: %j", (outer, inner, expected) => {
    expect(covers(parsed(outer), parsed(inner))).toBe(expected);
  });

  it.each([
    ["src", "src/app.ts", true],
    ["src/app.ts", "src/app.ts", true],
    ["src/app.ts", "src/app.tsx", false],
    ["**/*.ts", "src/app.ts", true],
    ["**/*.ts", "app.ts", true],
    ["**/*.ts", "src/app.md", false],
    ["src/*", "src/lib/app.ts", false],
  ])("%j holds the file %j: %j", (outer, file, expected) => {
    expect(coversFile(parsed(outer), parsed(file).key)).toBe(expected);
  });
});
