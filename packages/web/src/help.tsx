import { Group, Kbd, Modal, Table, Text } from '@mantine/core'
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
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Table withRowBorders={false} verticalSpacing={3}>
        <Table.Tbody>
          {actions.map(({ keys, what }) => (
            <Table.Tr key={what}>
              <Table.Td w={180}>
                <Group gap={4}>
                  {keys.map((key) => (
                    <Kbd key={key}>{spell(key)}</Kbd>
                  ))}
                </Group>
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
          {mouse.map(([how, what]) => (
            <Table.Tr key={how}>
              <Table.Td>
                <Text size="sm" c="dimmed">
                  {how}
                </Text>
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}
