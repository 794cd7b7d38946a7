import { describe, expect, it } from "vitest";
import { readSignIn, type SignInTexts } from "./sign-in.ts";

const NOTHING: SignInTexts = {
  anonymousRead: undefined,
  publicUrl: undefined,
  keys: undefined,
  issuer: undefined,
  jwks: undefined,
  audience: [],
  sessions: [],
};
const KEYS = {} as NonNullable<SignInTexts["keys"]>;
const AT = "https://signalbox.example.org";
const ISSUER = "https://id.example.org/realms/a";

describe("how people sign in", () => {
  it.each<{ name: string; says?: Partial<SignInTexts>; isHosted?: true; gives: object }>([
    { name: "is by tokens alone", gives: { anonymousRead: undefined, publicUrl: undefined, keys: undefined, issuer: undefined } },
    { name: "may be needless to read", says: { anonymousRead: "1" }, gives: { anonymousRead: true } },
    { name: "may be needed to read", says: { anonymousRead: "0" }, gives: { anonymousRead: false } },
    { name: "is at an address", says: { publicUrl: `${AT}/` }, gives: { publicUrl: AT } },
    { name: "is at an address behind a path", says: { publicUrl: `${AT}/box/` }, gives: { publicUrl: `${AT}/box` } },
    { name: "is at an address in the open", says: { publicUrl: "http://box.lan:8766" }, gives: { publicUrl: "http://box.lan:8766" } },
    { name: "is by keys", says: { keys: KEYS, publicUrl: AT }, isHosted: true, gives: { keys: KEYS } },
    {
      name: "is at an issuer, for the one session there is",
      says: { issuer: ISSUER },
      gives: { issuer: { issuer: ISSUER, jwks: undefined, audiences: [], sessions: ["*"] } },
    },
    {
      name: "is at an issuer, for what its tokens say where there are many",
      says: { issuer: ISSUER, publicUrl: AT },
      isHosted: true,
      gives: { issuer: { issuer: ISSUER, jwks: undefined, audiences: [], sessions: [] } },
    },
    {
      name: "is at an issuer of this machine, with all that may be said of it",
      says: { issuer: "http://127.0.0.1:9000", jwks: "http://localhost:9000/keys", audience: ["box"], sessions: ["red"] },
      gives: { issuer: { issuer: "http://127.0.0.1:9000", jwks: "http://localhost:9000/keys", audiences: ["box"], sessions: ["red"] } },
    },
  ])("$name", ({ says = {}, isHosted = false, gives }) => {
    expect(readSignIn({ ...NOTHING, ...says }, isHosted)).toMatchObject({ signIn: gives });
  });

  it.each<{ name: string; says: Partial<SignInTexts>; isHosted?: true; flaw: RegExp }>([
    { name: "with a word for reading", says: { anonymousRead: "yes" }, flaw: /SIGNALBOX_ANONYMOUS_READ is yes; it is 1 or 0/ },
    { name: "at no address", says: { publicUrl: "signalbox.example.org" }, flaw: /SIGNALBOX_PUBLIC_URL is no address such as https/ },
    { name: "at an address of another kind", says: { publicUrl: "ws://example.org" }, flaw: /SIGNALBOX_PUBLIC_URL/ },
    { name: "at an address with a query", says: { publicUrl: `${AT}?a` }, flaw: /without a query/ },
    { name: "at an address with a password", says: { publicUrl: "https://ana:p@example.org" }, flaw: /SIGNALBOX_PUBLIC_URL/ },
    {
      name: "at an issuer in the open",
      says: { issuer: "http://id.example.org" },
      flaw: /SIGNALBOX_ISSUER is no address that begins with https/,
    },
    { name: "at an issuer that looks like this machine", says: { issuer: "http://localhost.example.org" }, flaw: /SIGNALBOX_ISSUER / },
    {
      name: "with keys in the open",
      says: { issuer: ISSUER, jwks: "http://id.example.org/keys" },
      flaw: /SIGNALBOX_ISSUER_JWKS is no address/,
    },
    { name: "with an audience of no issuer", says: { audience: ["box"] }, flaw: /SIGNALBOX_ISSUER is missing/ },
    { name: "with sessions of no issuer", says: { sessions: ["red"] }, flaw: /SIGNALBOX_ISSUER is missing/ },
    { name: "by keys where nobody knows the address", says: { keys: KEYS }, isHosted: true, flaw: /SIGNALBOX_PUBLIC_URL is missing/ },
    {
      name: "at an issuer where nobody knows the address",
      says: { issuer: ISSUER },
      isHosted: true,
      flaw: /SIGNALBOX_PUBLIC_URL is missing/,
    },
  ])("$name cannot be used", ({ says, isHosted = false, flaw }) => {
    expect(readSignIn({ ...NOTHING, ...says }, isHosted)).toEqual({ flaw: expect.stringMatching(flaw) as string });
  });
});
