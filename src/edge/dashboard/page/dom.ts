/**
 * How anything comes onto the page: as text, or as an element that is made here. Nothing is ever parsed as HTML.
 *
 * A section is drawn anew when what it shows has changed; whatever in it a person has opened or stands on stays so.
 */
import { visible } from "./text.ts";

export type Child = Node | string | undefined;

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}

/** Somebody's text, which keeps its direction to itself. A name, or a path, has its parts in the order of its characters. */
export function quoted(text: string, kind: "name" | "prose" = "name"): HTMLElement {
  return element("bdi", { dir: kind === "prose" ? "auto" : "ltr" }, visible(text));
}

/** Longer prose is shown folded, in characters or lines. */
export interface Fold {
  readonly characters: number;
  readonly lines: number;
}

/** Somebody's prose, with its line breaks; what is longer than the fold a person opens. */
export function prose(text: string, key: string, { characters, lines }: Fold, behind?: Node): HTMLElement {
  const whole = element("div", { class: "prose" }, quoted(text, "prose"));
  if (text.length <= characters && text.split("\n").length <= lines) return whole;
  const first = text.split("\n").slice(0, lines).join("\n").slice(0, characters).trimEnd();
  const beginning = element("span", { class: "prose" }, quoted(`${first}…`, "prose"));
  return element("details", { class: "long", "data-key": key }, element("summary", {}, beginning), whole, behind);
}

export function badge(text: string, kind = "plain"): HTMLElement {
  return element("span", { class: `badge ${kind}` }, visible(text));
}

/** A time that the page's clock keeps true: `ago`, or what is `left`. */
export function clock(iso: string | undefined, kind: "ago" | "left"): HTMLElement {
  return element("time", { datetime: iso ?? "", [`data-${kind}`]: String(Date.parse(iso ?? "")), title: iso ?? "" });
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

/** Cells under the headers of a table, which also name them where there is no room for columns. */
export function row(table: HTMLElement, cells: readonly (readonly Child[])[]): HTMLTableRowElement {
  const headers = [...table.querySelectorAll("th[scope=col]")].map(({ textContent }) => textContent ?? "");
  const [first = [], ...others] = cells;
  return element(
    "tr",
    { role: "row" },
    element("th", { scope: "row", role: "rowheader" }, ...first),
    ...others.map((cell, index) =>
      element("td", { role: "cell", "data-header": headers[index + 1] ?? "" }, cell.length === 0 ? undefined : element("div", {}, ...cell)),
    ),
  );
}

const drawn = new Map<string, string>();

/**
 * Shows `items` in the list or the body of the table `id`, when they differ from what is shown. A section without a text for
 * when it is empty is hidden then.
 */
export function show<Item>(id: string, items: readonly Item[], draw: (item: Item, container: HTMLElement) => Node): void {
  const text = JSON.stringify(items);
  if (drawn.get(id) === text) return;
  drawn.set(id, text);
  const container = byId(id);
  const list = container.querySelector("tbody") ?? container;
  const opened = new Set([...list.querySelectorAll("[data-key][open]")].map(keyOf));
  const stood = list.contains(document.activeElement) ? keyOf(document.activeElement) : undefined;

  list.replaceChildren(...items.map((item) => draw(item, container)));
  for (const details of list.querySelectorAll("details[data-key]")) if (opened.has(keyOf(details))) details.setAttribute("open", "");
  if (stood !== undefined) focusAgain(list, stood, container);

  const section = container.closest("section");
  const empty = section?.querySelector(".empty") ?? null;
  container.hidden = items.length === 0;
  empty?.toggleAttribute("hidden", items.length > 0);
  if (empty === null) section?.toggleAttribute("hidden", items.length === 0);
}

function keyOf(node: Element | null): string {
  return node?.closest("[data-key]")?.getAttribute("data-key") ?? "";
}

/** What had the focus may be gone, as a message is that was acknowledged: then its section's title has it. */
function focusAgain(list: Element, key: string, container: HTMLElement): void {
  const again = [...list.querySelectorAll<HTMLElement>("[data-key]")].find((node) => keyOf(node) === key);
  const target = again?.querySelector<HTMLElement>("summary") ?? again ?? container.closest("section")?.querySelector<HTMLElement>("h2");
  target?.focus();
}

/** Makes every time on the page true again. */
export function tick(nowMs: number, ago: (ms: number) => string, left: (ms: number) => string): void {
  for (const node of document.querySelectorAll<HTMLElement>("time[data-ago]")) write(node, ago(nowMs - Number(node.dataset["ago"])));
  for (const node of document.querySelectorAll<HTMLElement>("time[data-left]")) {
    const ms = Number(node.dataset["left"]) - nowMs;
    write(node, left(ms));
    node.classList.toggle("soon", ms < 60_000);
  }
}

export function write(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
