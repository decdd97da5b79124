/** Headers of the viewer's page, from the loopback server and from the static build alike. */

/**
 * Scripts only from the page's own files, none inline, none from text; styles from files, attributes excepted, which the
 * image tools set. Nothing is fetched from or sent to another place.
 * @param styles Further sources of styles, for example a hash.
 */
export const pagePolicy = (...styles: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    ["style-src 'self'", ...styles].join(' '),
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')

/** The page under this policy, in no frame, isolated from other pages, which gives it threads. */
export const pageHeaders = (policy: string) =>
  ({
    'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  }) as const
