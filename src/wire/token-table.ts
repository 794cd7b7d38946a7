/** `MPAC_TOKEN_TABLE`: which bearer may join which sessions, and with which roles. */
import * as z from "zod";
import { grantOf, readTable } from "./credential-table.ts";

const Entry = z.strictObject(grantOf("its bearers could join none"));

/** By token. */
export type TokenTable = Readonly<Record<string, z.infer<typeof Entry>>>;

/** The table, or a sentence that says what is wrong with it. */
export function readTokenTable(text: string): { readonly table: TokenTable } | { readonly flaw: string } {
  return readTable(text, {
    entry: Entry,
    use: "join",
    nameFlaw: (token, place) =>
      token.trim() !== token || token === "" ? `the token of entry ${place} is empty or has spaces around it` : undefined,
    members: "allowed_sessions, roles and holder",
    needed: "allowed_sessions and roles",
  });
}
