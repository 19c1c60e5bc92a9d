import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api/client.ts'
import { createConsoleRouter } from './routes.tsx'
import './style.css'
import { applyTheme, currentTheme } from './ui/theme.ts'

applyTheme(currentTheme(), false)

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What the agent refused stays refused; what did not arrive may arrive.
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
})
const router = createConsoleRouter(queries)

const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
