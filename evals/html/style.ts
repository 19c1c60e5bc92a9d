/** The whole look of the report: no fonts, images or scripts from anywhere. Follows the reader's light or dark setting. */
export const STYLE = `
:root { color-scheme: light dark;
  --bg: #f7f7f5; --card: #ffffff; --ink: #1d2125; --soft: #5c6670; --line: #dfe2e5; --accent: #2457c5; --tint: #eef1f6;
  --best: #1a7f5a; --acceptable: #5aa874; --tolerable: #d3a117; --forbidden: #c0392b; --onbar: #ffffff;
  --series: #2457c5; --alert: #c0392b; --event: #8e44ad; --change: #b8860b; --log: #5c6670; }
@media (prefers-color-scheme: dark) { :root {
  --bg: #14171a; --card: #1c2126; --ink: #e6e8ea; --soft: #9aa5b1; --line: #323a42; --accent: #8ab0ff; --tint: #252c34;
  --best: #2fa97c; --acceptable: #6fbf8b; --tolerable: #d9b13b; --forbidden: #e06655; --onbar: #10151a;
  --series: #8ab0ff; --alert: #f0806f; --event: #c792ea; --change: #e0b64a; --log: #9aa5b1; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 80px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 44px 0 6px; letter-spacing: -0.005em; }
h3 { font-size: 15px; margin: 22px 0 6px; }
p { margin: 6px 0 12px; max-width: 78ch; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
.soft { color: var(--soft); } .num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, .mono { font: 12.5px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 12px; margin: 20px 0 8px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; }
.card .name { color: var(--soft); font-size: 13px; } .card .value { font-size: 27px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.card .detail { color: var(--soft); font-size: 12.5px; } .card.good .value { color: var(--best); } .card.bad .value { color: var(--forbidden); }
.panel { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; margin: 10px 0; overflow-x: auto; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 14px; align-items: start; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; color: var(--soft); font-weight: 550; font-size: 12.5px; vertical-align: bottom; }
th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); } tr:last-child td { border-bottom: 0; } td { vertical-align: top; }
tr.self td { font-weight: 620; } th.num { text-align: right; }
.chip { display: inline-block; border-radius: 5px; padding: 0 7px; font-size: 12px; line-height: 19px; background: var(--tint); color: var(--ink); white-space: nowrap; }
.chip.best { background: var(--best); color: var(--onbar); } .chip.acceptable { background: var(--acceptable); color: var(--onbar); }
.chip.tolerable { background: var(--tolerable); color: #1d1a10; } .chip.forbidden { background: var(--forbidden); color: var(--onbar); }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 7px 12px; align-items: center; font-size: 13.5px; }
.bar { display: flex; height: 22px; border-radius: 5px; overflow: hidden; background: var(--tint); }
.bar span { display: block; font-size: 12px; line-height: 22px; text-align: center; color: var(--onbar); overflow: hidden; }
.bar .best { background: var(--best); } .bar .acceptable { background: var(--acceptable); } .bar .tolerable { background: var(--tolerable); color: #1d1a10; } .bar .forbidden { background: var(--forbidden); }
.legend { display: flex; flex-wrap: wrap; gap: 14px; font-size: 12.5px; color: var(--soft); margin-top: 10px; } .legend i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 5px; }
.matrix td, .matrix th { text-align: center; padding: 6px 4px; } .matrix th:first-child { text-align: left; } .matrix td { border: 2px solid var(--card); border-radius: 6px; font-variant-numeric: tabular-nums; }
.matrix .zero { color: var(--line); } .matrix .hit { background: color-mix(in srgb, var(--best) 26%, transparent); } .matrix .miss { background: color-mix(in srgb, var(--tolerable) 24%, transparent); } .matrix .harm { background: color-mix(in srgb, var(--forbidden) 34%, transparent); font-weight: 650; }
details > summary { cursor: pointer; color: var(--accent); margin: 8px 0; }
svg { display: block; max-width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.case { display: none; } .case:target { display: block; } body:has(.case:target) .overview { display: none; }
.crumbs { display: flex; justify-content: space-between; gap: 12px; font-size: 13.5px; margin-bottom: 18px; }
.outcome { border-left: 5px solid var(--line); padding: 2px 0 2px 14px; margin: 14px 0; font-size: 17px; } .outcome.best { border-color: var(--best); } .outcome.acceptable { border-color: var(--acceptable); } .outcome.tolerable { border-color: var(--tolerable); } .outcome.forbidden { border-color: var(--forbidden); }
.tiers { display: grid; grid-template-columns: max-content 1fr; gap: 5px 12px; font-size: 13.5px; align-items: start; } .tiers .chip { text-align: center; } ul { margin: 6px 0; padding-left: 20px; } li { margin: 2px 0; }
.reasons tr.block td:first-child { box-shadow: inset 3px 0 var(--forbidden); padding-left: 10px; } .reasons tr.limit td:first-child { box-shadow: inset 3px 0 var(--tolerable); padding-left: 10px; } .reasons td:first-child { padding-left: 10px; }
footer { margin-top: 50px; color: var(--soft); font-size: 12.5px; }
@media print { .case { display: block; break-before: page; } .crumbs { display: none; } body { background: #fff; } }
`
