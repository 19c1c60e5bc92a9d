import { askEarly } from './api/early.ts'
import { PAGES } from './pages.ts'
import './style.css'
import './review.css'
import { applyTheme, currentTheme } from './ui/theme.ts'

applyTheme(currentTheme(), false)
askEarly(location.pathname)
// All three come at the same time: the answers, what draws them, and the screen that the address names.
const [, screen = ''] = location.pathname.split('/')
if (screen in PAGES) void PAGES[screen as keyof typeof PAGES]()
void import('./app.tsx')
