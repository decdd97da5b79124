import { Button } from '@mantine/core'
import { openWorkList } from '../route.ts'

export function BackToList() {
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      color="gray"
      onClick={openWorkList}
      aria-label="Back to the list"
    >
      ← List
    </Button>
  )
}
