import '@mantine/core/styles.layer.css'
import '@mantine/core/styles/default-css-variables.css'
import './page.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { openService } from './studies/service.ts'

const service = await openService()
createRoot(document.getElementById('page')!).render(<App service={service} />)
