import '@mantine/core/styles.layer.css'
import './page.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { openService } from './studies/service.ts'

createRoot(document.getElementById('page')!).render(<App service={await openService()} />)
