import type { Posted } from './methods.ts'

type Node = Readonly<Record<string, unknown>>

/** The channel as a page, roughly as Slack shows it; for looking at messages where there is no Slack. */
export function channelPage(messages: readonly Posted[], dialogs: readonly Node[] = []): string {
  const roots = messages.filter(({ thread }) => thread === null)
  const shown = roots.map((root) => {
    const thread = messages.filter(({ thread: parent }) => parent === root.place)
    const replies = thread.map((reply) => `<div class="reply">${messageHtml(reply)}</div>`).join('')
    return `${messageHtml(root)}<details open><summary>${thread.length} replies</summary>${replies}</details>`
  })
  const opened = dialogs.map((view) => dialogHtml(view))
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>#incidents</title><style>${STYLE}</style></head><body><h1># incidents</h1>${shown.join('')}${opened.join('')}</body></html>`
}

const STYLE = `
body{font:15px/1.46 Lato,system-ui,sans-serif;margin:0 12px 24px;color:#1d1c1d;background:#fff;overflow-wrap:anywhere}
h1{font-size:16px;border-bottom:1px solid #ddd;padding:10px 0;margin:0 0 8px}
.who{font-weight:700;margin-top:14px}.who span{font-weight:400;color:#616061;font-size:12px}
.header{font-size:18px;font-weight:900;margin:4px 0 8px}
.block{margin:6px 0}ul{margin:2px 0;padding-left:22px}
code{background:#f4f4f4;border:1px solid #ddd;border-radius:3px;padding:0 3px;color:#c01343;font-size:12px}
pre{background:#f8f8f8;border:1px solid #ddd;border-radius:4px;padding:8px;font-size:12px;white-space:pre-wrap}
.mention{background:#e8f5fa;color:#1264a3;border-radius:3px;padding:0 2px}a{color:#1264a3;text-decoration:none}
button{font:700 14px Lato,system-ui,sans-serif;border:1px solid #bbb;background:#fff;border-radius:4px;padding:6px 12px;margin:4px 8px 4px 0}
.primary{background:#007a5a;color:#fff;border-color:#007a5a}.danger{background:#e01e5a;color:#fff;border-color:#e01e5a}
.reply{border-left:3px solid #ddd;padding-left:10px;margin:8px 0}summary{color:#1264a3;font-size:13px;margin-top:6px}
.dialog{border:1px solid #bbb;border-radius:8px;padding:12px;margin:20px 0;box-shadow:0 2px 12px #0003}
.dialog input,.dialog textarea{width:100%;box-sizing:border-box;font:15px system-ui;padding:6px;margin:2px 0 8px}
label{font-weight:700}`

function messageHtml({ blocks, edits, isBroadcast }: Posted): string {
  const note = [edits > 0 ? 'edited' : '', isBroadcast ? 'also sent to the channel' : ''].filter(Boolean).join(', ')
  return `<div class="who">Failwise <span>APP ${note}</span></div>${blocks.map(blockHtml).join('')}`
}

function blockHtml(block: Node): string {
  switch (block.type) {
    case 'header':
      return `<div class="header">${safe((block.text as Node).text)}</div>`
    case 'actions':
      return `<div class="block">${nodes(block.elements).map(buttonHtml).join('')}</div>`
    case 'rich_text':
      return `<div class="block">${nodes(block.elements).map(elementHtml).join('')}</div>`
    case 'input':
      return inputHtml(block)
    default:
      return '<hr>'
  }
}

function buttonHtml({ style, text, accessibility_label }: Node): string {
  return `<button class="${safe(style ?? '')}" aria-label="${safe(accessibility_label)}">${safe((text as Node).text)}</button>`
}

function elementHtml(element: Node): string {
  const inner = nodes(element.elements)
  if (element.type === 'rich_text_list')
    return `<ul>${inner.map((item) => `<li>${nodes(item.elements).map(pieceHtml).join('')}</li>`).join('')}</ul>`
  const html = inner.map(pieceHtml).join('')
  return element.type === 'rich_text_preformatted' ? `<pre>${html}</pre>` : `<div>${html}</div>`
}

function pieceHtml(piece: Node): string {
  if (piece.type === 'user' || piece.type === 'usergroup')
    return `<span class="mention">@${safe(piece.user_id ?? piece.usergroup_id)}</span>`
  if (piece.type === 'date') return safe(piece.fallback)
  if (piece.type === 'link') return `<a href="${safe(piece.url)}">${safe(piece.text)}</a>`
  const text = safe(piece.text).replaceAll('\n', '<br>')
  const { bold, code } = (piece.style ?? {}) as { bold?: boolean; code?: boolean }
  return code ? `<code>${text}</code>` : bold ? `<b>${text}</b>` : text
}

function inputHtml({ label, element, optional }: Node): string {
  const { multiline, placeholder } = element as { multiline?: boolean; placeholder?: Node }
  const title = `<label>${safe((label as Node).text)}${optional ? ' (optional)' : ''}</label>`
  return `${title}${multiline ? '<textarea></textarea>' : `<input placeholder="${safe(placeholder?.text)}">`}`
}

function dialogHtml(view: Node): string {
  const submit = view.submit ? `<button class="primary">${safe((view.submit as Node).text)}</button>` : ''
  const close = view.close ? `<button>${safe((view.close as Node).text)}</button>` : ''
  const head = `<div class="header">${safe((view.title as Node).text)}</div>`
  return `<div class="dialog">${head}${nodes(view.blocks).map(blockHtml).join('')}${close}${submit}</div>`
}

function nodes(value: unknown): Node[] {
  return Array.isArray(value) ? (value as Node[]) : []
}

function safe(value: unknown): string {
  return String(value ?? '').replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
