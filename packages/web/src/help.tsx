import { Group, Kbd, Modal, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { type KeyAction, spell } from './keys.ts'

type HelpProps = {
  actions: readonly KeyAction[]
  mouse?: readonly (readonly [string, string])[]
  opened: boolean
  onClose: () => void
}

/** All keys of a page, from the table that handles them. */
export function Help({ actions, mouse = [], opened, onClose }: HelpProps) {
  return (
    // Locking the scroll would need an inline style, which the content security policy refuses.
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keys and mouse"
      lockScroll={false}
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <div className="keys">
        {actions.map(({ keys, what }) => (
          <Row key={what} how={keys.map((key) => <Kbd key={key}>{spell(key)}</Kbd>)} what={what} />
        ))}
        {mouse.map(([how, what]) => (
          <Row key={how} how={<Text size="sm">{how}</Text>} what={what} />
        ))}
      </div>
    </Modal>
  )
}

function Row({ how, what }: { how: ReactNode; what: string }) {
  return (
    <Group wrap="nowrap" gap="sm" mb={6} align="flex-start">
      <Group gap={4} w={110} className="no-shrink">
        {how}
      </Group>
      <Text size="sm">{what}</Text>
    </Group>
  )
}
