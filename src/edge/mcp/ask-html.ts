/** A question to a person as a page without a script, and the pages that end it. */
import type { Field, Question } from "../../tools/asking.ts";
import { escaped, policyOf } from "./html.ts";

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 40rem; padding: 1.5rem 1rem; font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
p { white-space: pre-line; }
fieldset { border: 1px solid #8886; border-radius: 6px; margin: 1rem 0; }
label { display: block; margin: .35rem 0; }
textarea { box-sizing: border-box; width: 100%; min-height: 4rem; font: inherit; }
button { font: inherit; padding: .4rem 1rem; margin-right: .5rem; }
`;

/** Its form goes to where it came from. */
export const ASK_POLICY = policyOf(STYLE, "self");

export function questionPage({ message, fields, required }: Question): string {
  const inputs = Object.entries(fields).map(([name, field]) => inputFor(name, field, required.includes(name)));
  return page(
    "A question of your coding agent",
    `<p>${escaped(message)}</p><form method="post" autocomplete="off">${inputs.join("")}` +
      '<button type="submit" name="_action" value="accept">Send</button>' +
      '<button type="submit" name="_action" value="decline" formnovalidate>I do not want to decide</button></form>',
  );
}

/** @param sentence - ours */
export const endPage = (title: string, sentence: string): string => page(title, `<p>${escaped(sentence)}</p>`);

function inputFor(name: string, field: Field, isRequired: boolean): string {
  const hint = field.description === undefined ? "" : `<small>${escaped(field.description)}</small>`;
  const needed = isRequired ? " required" : "";
  if (!("oneOf" in field)) {
    const most = field.maxLength === undefined ? "" : ` maxlength="${field.maxLength}"`;
    return `<label>${escaped(field.title)}<textarea name="${escaped(name)}"${most}${needed}></textarea></label>${hint}`;
  }
  const choices = field.oneOf.map(
    (choice) =>
      `<label><input type="radio" name="${escaped(name)}" value="${escaped(choice.const)}"${needed}> ${escaped(choice.title)}</label>`,
  );
  return `<fieldset><legend>${escaped(field.title)}</legend>${choices.join("")}${hint}</fieldset>`;
}

function page(title: string, body: string): string {
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">' +
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body><main><h1>${escaped(title)}</h1>${body}</main></body></html>\n`
  );
}
