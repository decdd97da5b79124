/** What the service worker tells the page: how many of its files are kept on this computer. */
export type Kept = { readonly kept: number; readonly of: number }
