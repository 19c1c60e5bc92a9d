const KEY = 'failwise-theme'

export type Theme = 'light' | 'dark'

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
