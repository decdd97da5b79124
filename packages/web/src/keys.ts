import { useEffect, useRef } from 'react'

/** One key: the same table handles it and explains it in the help. */
export type KeyAction = {
  /** `KeyboardEvent.key` values that do the same. */
  readonly keys: readonly string[]
  readonly what: string
  run(event: KeyboardEvent): void
}

const SPELLED: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  PageUp: 'Page up',
  PageDown: 'Page down',
  Escape: 'Esc',
}
export const spell = (key: string): string => SPELLED[key] ?? key

const isInside = ({ target }: KeyboardEvent, selector: string): boolean =>
  target instanceof HTMLElement && target.closest(selector) !== null

/** Whether the key is meant for a field that takes text or has keys of its own. */
const isTaken = (event: KeyboardEvent): boolean =>
  isInside(
    event,
    'input:not([type="radio"], [type="file"]), textarea, select, [contenteditable], [role="dialog"]',
  )

/** Whether the focus is on what this very key moves or presses. */
const isOwn = (event: KeyboardEvent): boolean =>
  /^(Arrow|Page)/.test(event.key)
    ? isInside(event, '[role="slider"], input[type="radio"]')
    : (event.key === 'Enter' || event.key === ' ') && isInside(event, 'button, a, summary, input')

/** Gives the keys to the page again, unless a text is being written. */
export function releaseFocus(): void {
  const { activeElement } = document
  if (activeElement instanceof HTMLElement && !activeElement.matches('textarea')) activeElement.blur()
}

/** Listens on the whole page while the component is shown. Escape also leaves a field. */
export function useKeys(actions: readonly KeyAction[]): void {
  const current = useRef(actions)
  current.current = actions
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (isTaken(event)) {
        if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur()
        return
      }
      if (isOwn(event)) return
      const action = current.current.find(({ keys }) => keys.includes(event.key))
      if (!action) return
      event.preventDefault()
      action.run(event)
    }
    // On the way down: the image tools take every key that reaches a plane.
    window.addEventListener('keydown', onKeyDown, true)
    return () => window.removeEventListener('keydown', onKeyDown, true)
  }, [])
}
