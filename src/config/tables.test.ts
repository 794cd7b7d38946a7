import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCallers, readKeysFile } from "./tables.ts";

describe("how people sign in", () => {
  const KEY = '{"ana-key":{"public_key":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs","allowed_sessions":["red"]}}';
  const file = (text: string) => {
    const path = join(mkdtempSync(join(tmpdir(), "signalbox-config-")), "keys.json");
    writeFileSync(path, text);
    return path;
  };

  it("is read from the environment", () => {
    const env = {
      SIGNALBOX_ANONYMOUS_READ: "0",
      SIGNALBOX_PUBLIC_URL: "https://signalbox.example.org",
      SIGNALBOX_KEY_TABLE: KEY,
      SIGNALBOX_ISSUER: "https://id.example.org",
      SIGNALBOX_ISSUER_JWKS: "https://id.example.org/keys",
      SIGNALBOX_ISSUER_AUDIENCE: "box, crate",
      SIGNALBOX_ISSUER_SESSIONS: "red,blue",
    };

    expect(readCallers(env, "hosted")).toMatchObject({
      keysFile: undefined,
      signIn: {
        anonymousRead: false,
        publicUrl: "https://signalbox.example.org",
        keys: { "ana-key": { allowed_sessions: ["red"] } },
        issuer: {
          issuer: "https://id.example.org",
          jwks: "https://id.example.org/keys",
          audiences: ["box", "crate"],
          sessions: ["red", "blue"],
        },
      },
    });
  });

  it("may have its keys in a file, which is read again", () => {
    const keysFile = file(KEY);

    expect(readCallers({ SIGNALBOX_KEY_TABLE_FILE: keysFile }, "local")).toMatchObject({ keysFile, signIn: { keys: { "ana-key": {} } } });
    expect(readKeysFile(keysFile)).toHaveProperty("ana-key");
  });

  it.each<{ readonly name: string; readonly env: Record<string, string>; readonly says: RegExp }>([
    { name: "two tables", env: { SIGNALBOX_KEY_TABLE: KEY, SIGNALBOX_KEY_TABLE_FILE: "k" }, says: /set one of them/ },
    { name: "a broken table", env: { SIGNALBOX_KEY_TABLE: "{}" }, says: /^SIGNALBOX_KEY_TABLE cannot be used: it has no entry/ },
    {
      name: "a file that is not there",
      env: { SIGNALBOX_KEY_TABLE_FILE: "/none" },
      says: /KEY_TABLE_FILE names \/none, which cannot be read \(ENOENT\)/,
    },
    {
      name: "a broken file",
      env: { SIGNALBOX_KEY_TABLE_FILE: file("[]") },
      says: /which SIGNALBOX_KEY_TABLE_FILE names, cannot be used: it is not a JSON object/,
    },
    { name: "an issuer in the open", env: { SIGNALBOX_ISSUER: "http://id.example.org" }, says: /^SIGNALBOX_ISSUER is no address/ },
  ])("with $name is refused", ({ env, says }) => {
    expect(() => readCallers(env, "local")).toThrow(says);
  });
});
