/** File names come from anywhere and must not steer the terminal. */
export const withoutControls = (line: string): string => line.replace(/\p{Cc}/gu, '?')
