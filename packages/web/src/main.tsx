import '@mantine/core/styles.layer.css'
import './page.css'
import { createRoot } from 'react-dom/client'
import { openService } from './studies/service.ts'
import { App } from './app.tsx'

createRoot(document.getElementById('page')!).render(<App service={await openService()} />)
