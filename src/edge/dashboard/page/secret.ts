/**
 * Where the page's secret comes from and where it stays: it is got for the link that the page was opened with, or typed in,
 * and is kept in this tab. What stands in the address is taken out of it before anything else is done.
 */

const KEY = "signalbox dashboard";

/** A link belongs to one session's page, and the tab may hold another's. */
const key = (): string => `${KEY} ${location.pathname}`;

export const keep = (token: string): void => sessionStorage.setItem(key(), token);
export const forget = (): void => sessionStorage.removeItem(key());

export type Found = { readonly token: string } | { readonly why: string };

export async function findSecret(): Promise<Found> {
  const link = new URLSearchParams(location.hash.slice(1)).get("link");
  if (link !== null) {
    history.replaceState(undefined, "", location.pathname);
    const response = await fetch("dashboard/enter", { method: "POST", body: JSON.stringify({ link }) });
    const { token, detail } = (await response.json()) as { readonly token?: string; readonly detail?: string };
    if (token === undefined) return { why: detail ?? "this link does not work" };
    keep(token);
  }
  const token = sessionStorage.getItem(key());
  return token === null ? { why: "" } : { token };
}
