/** The name under which a person at a terminal says something. */
import { givenName, MAX_NAME, slug, userName } from "../client/names.ts";
import { CommandFault } from "./fault.ts";

/**
 * @param as - what `--as` says
 * @param gitUser - whom git's configuration names; the system's user without
 * @throws CommandFault when `as` is no name
 */
export function personName(as: string | undefined, gitUser: string | undefined): string {
  if (as === undefined) return `person:${slug(gitUser ?? "", MAX_NAME / 2) || slug(userName(), MAX_NAME / 2) || "user"}`;
  const name = givenName(as);
  if (name === undefined) throw new CommandFault("config/invalid", "--as takes a name that a participant may have");
  return name;
}
