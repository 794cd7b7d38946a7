/**
 * `SIGNALBOX_KEY_TABLE`: whose Ed25519 key signs requests for which sessions, and with which roles, by the id that a signature
 * names its key with.
 *
 * A public key is no secret, but whoever writes a table may have taken the wrong half: what is said of one that cannot be used
 * quotes nothing of it.
 */
import * as z from "zod";
import { grantOf, readTable } from "./credential-table.ts";

const KEY_BYTES = 32;

/** What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410). */
const SPKI = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

const FORMS = "write the x of its JWK, its 32 bytes in base64, or its PEM (BEGIN PUBLIC KEY)";

const Jwk = z.looseObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() });

const Key = z.union([z.string(), z.looseObject({})]).transform((given, context): string => {
  const x = publicPartOf(given);
  if (typeof x === "string") return x;
  context.addIssue({ code: "custom", message: x.flaw });
  return z.NEVER;
});

const Entry = z.strictObject({ public_key: Key, ...grantOf("its key opens none") });

/** By the id of the key; `public_key` is the `x` of its JWK. */
export type KeyTable = Readonly<Record<string, z.infer<typeof Entry>>>;

/** The table, or a sentence that says what is wrong with it. */
export function readKeyTable(text: string): { readonly table: KeyTable } | { readonly flaw: string } {
  return readTable(text, {
    entry: Entry,
    use: "sign",
    nameFlaw: (keyId, place) =>
      /^[\x21-\x7e]{1,256}$/.test(keyId)
        ? undefined
        : `the id of entry ${place} is empty, over 256 characters, or has some that are not printable ASCII`,
    members: "public_key, allowed_sessions, roles and holder",
    needed: "public_key and allowed_sessions",
  });
}

function publicPartOf(given: string | Readonly<Record<string, unknown>>): string | { readonly flaw: string } {
  if (typeof given !== "string") {
    if ("d" in given) return { flaw: "it is the private half of a key; give its public half alone, and change the key" };
    const jwk = Jwk.safeParse(given);
    return jwk.success ? publicPartOf(jwk.data.x) : { flaw: `it is no JWK of an Ed25519 key; ${FORMS}` };
  }
  if (/PRIVATE KEY/.test(given)) return { flaw: "it is the private half of a key; give its public half alone, and change the key" };
  const bytes = bytesOf(given.replace(/-----(BEGIN|END) PUBLIC KEY-----/g, ""));
  const key = bytes?.length === SPKI.length + KEY_BYTES && SPKI.every((byte, at) => bytes[at] === byte) ? bytes.slice(SPKI.length) : bytes;
  if (key?.length !== KEY_BYTES) return { flaw: `it is no Ed25519 key; ${FORMS}` };
  return btoa(String.fromCharCode(...key))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** Of base64 in either alphabet, with or without what fills it up. */
function bytesOf(text: string): number[] | undefined {
  const plain = text
    .replace(/\s/g, "")
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .replace(/={1,2}$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(plain) || plain.length % 4 === 1) return undefined;
  return Array.from(atob(plain), (character) => character.charCodeAt(0));
}
