import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api/client.ts'
import { sessionQuery } from './api/queries.ts'
import { createConsoleRouter } from './routes.tsx'

const queries: QueryClient = new QueryClient({
  // A session that ended shows at the first answer: then it is asked for anew, and the sign-in appears.
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof ApiError && error.status === 401) void queries.invalidateQueries(sessionQuery)
    },
  }),
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
