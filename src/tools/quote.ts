/**
 * How text of other participants stands in a result: as quoted data on one line, with nothing in it that a terminal or a
 * model would take for a command of ours.
 */

/** Most characters of an objective or a name that a text result shows. */
export const SHOWN_CHARACTERS = 200;

const ESCAPE = "\\u001b";
const SEQUENCES = new RegExp(
  [
    `(?:${ESCAPE}\\[|\\u009b)[0-?]*[ -/]*[@-~]?`, // colours and cursor movements
    `(?:${ESCAPE}[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|${ESCAPE}\\\\|\\u009c)?`, // titles, links
    `${ESCAPE}[ -/]*[0-~]?`,
  ].join("|"),
  "gu",
);

/** Controls, invisible and direction-changing characters, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

/** The text between double quotes: terminal sequences and unseen characters gone, lines folded, cut at `max` code points. */
export function quoted(text: string, max = SHOWN_CHARACTERS): string {
  const plain = text
    .slice(0, max * 50)
    .replace(SEQUENCES, "")
    .replace(/[\s\u0085]+/gu, " ")
    .replace(UNSEEN, "")
    .replace(/["“”„‟″〝〞"]/gu, "'")
    .trim();
  const characters = Array.from(plain);
  return `"${characters.length > max ? `${characters.slice(0, max - 1).join("")}…` : plain}"`;
}

/** What changes the direction of a line, or hides text in it. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu;

/** How much of a long text is looked at, in times what is shown of it: a page of long messages is not cleaned for nothing. */
const LOOKED_AT = 8;

/**
 * The text as data, for a member of `structured`: lines and tabs stay, terminal sequences, other controls and what turns the
 * direction go.
 *
 * @param max - where it is cut, in UTF-16 units
 */
export function plain(text: string, max = Number.POSITIVE_INFINITY): string {
  const looked = text.slice(0, max * LOOKED_AT);
  const clear = looked
    .replace(SEQUENCES, "")
    .replace(/[^\P{Cc}\n\r\t]|\p{Cs}/gu, "")
    .replace(TURNING, "");
  const isWhole = clear.length <= max && looked.length === text.length;
  return isWhole ? clear : `${clear.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** A name of anybody's: as it is when it is made of harmless characters, else quoted. */
export function called(name: string): string {
  return /^[\w.:#@/+*?~[\](){}=,$%&-]{1,200}$/.test(name) ? name : quoted(name);
}

/** A name, or a path, which may be that of the whole repository. */
export function named(text: string): string {
  return text === "" || text === "." ? "the whole repository" : called(text);
}

/**
 * Several names: the first few, and how many more.
 *
 * @param total - how many there are, when `names` is not all of them
 */
export function listed(names: readonly string[], most = 5, total = names.length): string {
  const shown = names.slice(0, most);
  const more = total - shown.length;
  return `${shown.map(named).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** JSON on one line that says the same, with every character that cannot be seen written as an escape. */
export function asJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  );
}
