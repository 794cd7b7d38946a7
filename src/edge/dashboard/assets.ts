/** The files of the page. A build puts them here as it has made them from `page/` (.config/bundle.mjs). */
export interface Assets {
  readonly html: string;
  readonly css: string;
  readonly script: string;
  readonly icon: string;
}

/** Undefined where a sidecar runs from its source. */
export const assets: Assets | undefined = undefined;
