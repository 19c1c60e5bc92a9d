import { useSyncExternalStore } from 'react'

const KEY = 'failwise-theme'

export type Theme = 'light' | 'dark'

/** The theme that is shown, kept current. */
export function useTheme(): string {
  return useSyncExternalStore(
    (changed) => {
      const observer = new MutationObserver(changed)
      observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
      return () => observer.disconnect()
    },
    () => document.documentElement.dataset.theme ?? 'light',
  )
}

/** What the reader chose, or what the machine prefers. */
export function currentTheme(): Theme {
  const chosen = localStorage.getItem(KEY)
  if (chosen === 'light' || chosen === 'dark') return chosen
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

/** Shows a theme, and remembers it when the reader chose it. */
export function applyTheme(theme: Theme, isChosen: boolean): void {
  document.documentElement.dataset.theme = theme
  if (isChosen) localStorage.setItem(KEY, theme)
}
