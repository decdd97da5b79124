import { createTheme } from '@mantine/core'

/** Defaults of the components; the colours are in page.css. */
export const THEME = createTheme({
  primaryColor: 'blue',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
  defaultRadius: 'sm',
  respectReducedMotion: true,
})
