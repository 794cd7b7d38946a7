import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EMPTY_REF } from "../wire/references.ts";
import { digestAndClose, readFileState, readText, refOf } from "./file-state.ts";
import { openInside } from "./safe-path.ts";
import { type Scratch, scratchFolder } from "./scratch.test.fixture.ts";

const MAX = 1_048_576;
let scratch: Scratch;
let root: string;

beforeEach(async () => {
  scratch = await scratchFolder();
  root = join(scratch.folder, "work");
  await mkdir(root);
});

afterEach(async () => {
  await scratch[Symbol.asyncDispose]();
});

const read = (path: string, content = true, maxBytes = MAX) => readFileState(root, path, { content, maxBytes });

describe("the state of a file", () => {
  it("is its reference over the bytes, its size in bytes and its text", async () => {
    await writeFile(join(root, "a.txt"), "grüße\r\n");

    expect(await read("./a.txt")).toEqual({
      status: "ok",
      path: "a.txt",
      state_ref: `sha256:${createHash("sha256").update("grüße\r\n").digest("hex")}`,
      size: 9,
      content: "grüße\r\n",
    });
  });

  it("holds no text when none was asked for", async () => {
    await writeFile(join(root, "a.txt"), "text");

    expect(await read("a.txt", false)).toEqual({ status: "ok", path: "a.txt", state_ref: refOf(Buffer.from("text")), size: 4 });
  });

  it("keeps a byte order mark", async () => {
    await writeFile(join(root, "bom.txt"), "\ufefftext");

    expect(await read("bom.txt")).toMatchObject({ content: "\ufefftext", size: 7 });
  });

  it("says that bytes are not text", async () => {
    const bytes = Buffer.from([0x61, 0xff, 0xfe]);
    await writeFile(join(root, "image"), bytes);

    expect(await read("image")).toEqual({ status: "ok", path: "image", state_ref: refOf(bytes), size: 3, binary: true });
  });

  it("says that text whose last character is cut off is none", async () => {
    await writeFile(join(root, "cut"), Buffer.from("grü").subarray(0, 3));

    expect(await read("cut")).toMatchObject({ size: 3, binary: true });
  });

  it("tells a missing file from an empty one, under one reference", async () => {
    await writeFile(join(root, "empty"), "");

    expect(await read("empty")).toEqual({ status: "ok", path: "empty", state_ref: EMPTY_REF, size: 0, content: "" });
    expect(await read("none")).toEqual({ status: "missing", path: "none", state_ref: EMPTY_REF, size: 0 });
  });

  it("shows the beginning of a long text, cut between characters, under the reference of the whole", async () => {
    await writeFile(join(root, "long"), "aü€😀b");

    expect(await read("long", true, 5)).toMatchObject({
      content: "aü",
      truncated: { bytes: 3 },
      state_ref: refOf(Buffer.from("aü€😀b")),
      size: 11,
    });
    expect(await read("long", true, 9)).toMatchObject({ content: "aü€", truncated: { bytes: 6 } });
    expect(await read("long", true, 11)).not.toHaveProperty("truncated");
  });

  it("is hashed in pieces when the file is large, and is binary when its last byte is wrong", async () => {
    const bytes = Buffer.alloc(10 * MAX, "grüße\n");
    bytes[bytes.length - 1] = 0xff;
    await writeFile(join(root, "large"), bytes);

    expect(await read("large")).toEqual({ status: "ok", path: "large", state_ref: refOf(bytes), size: bytes.length, binary: true });
  });

  it("follows a link inside the worktree and refuses one that leaves it", async () => {
    await writeFile(join(root, "a"), "inside");
    await writeFile(join(scratch.folder, "b"), "outside");
    await symlink("a", join(root, "in"));
    await symlink("../b", join(root, "out"));

    expect(await read("in")).toMatchObject({ status: "ok", path: "in", content: "inside" });
    expect(await read("out")).toMatchObject({ status: "refused" });
  });
});

it("counts characters as a person does, wherever the pieces end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 40 }), fc.integer({ min: 4_060, max: 4_096 }), async (text, before) => {
      const whole = "x".repeat(before) + text;
      await writeFile(join(root, "text"), whole);
      const opened = await openInside(root, "text");
      if (opened.status !== "open") throw new Error(opened.status);

      const digest = await digestAndClose(opened.handle, { text: true, keepBytes: 0 });

      expect(digest).toMatchObject({
        characters: Array.from(whole).length,
        size: Buffer.byteLength(whole),
        ref: refOf(Buffer.from(whole)),
      });
    }),
    { numRuns: 50 },
  );
});

describe("FILE_READ", () => {
  it("gives the whole text and the short reference", async () => {
    await writeFile(join(root, "a.txt"), "text");

    expect(await readText(root, "a.txt", 4)).toEqual({
      ok: true,
      path: "a.txt",
      content: "text",
      state_ref: refOf(Buffer.from("text")).slice(0, 23),
    });
  });

  it("refuses a long file by its size, unread", async () => {
    await writeFile(join(root, "long"), Buffer.alloc(5, 0xff));

    const refusal = await readText(root, "long", 4); // who had read it would say that it is no text

    expect(refusal).toMatchObject({ ok: false, why: '"long" has 5 bytes, more than 4: read it from the disk' });
  });

  it("refuses with one sentence what it cannot give whole", async () => {
    await writeFile(join(root, "long"), "12345");
    await writeFile(join(root, "binary"), Buffer.from([0xff]));

    expect(await readText(root, "long", 4)).toEqual({
      ok: false,
      missing: false,
      why: '"long" has 5 bytes, more than 4: read it from the disk',
    });
    expect(await readText(root, "binary", 4)).toMatchObject({
      ok: false,
      missing: false,
      why: expect.stringContaining("not UTF-8") as string,
    });
    expect(await readText(root, "none", 4)).toMatchObject({ ok: false, missing: true });
    expect(await readText(root, "../x", 4)).toMatchObject({ ok: false, missing: false, why: expect.stringContaining("outside") as string });
  });
});
