/** The page's style sheet. Sizes of cards are those of `cardSize` in page.ts. */
export const STYLE: string = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --band: #ffffff; --card: #ffffff; --line: #d5d9e0; --ink: #1b2130; --soft: #5d6678; --arrow: #8792a6;
  --lcd: #dfe9c9; --lcd-ink: #1d2a12; --accent: #1d4ed8; --in: #0f766e; --bad: #b91c1c; --bad-ground: #fde8e8; --warn: #9a4a06;
  --menu: #1d4ed8; --input: #0f766e; --list: #6d28d9; --confirm: #a3540a; --end: #374151; --unseen: #667085;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1117; --band: #141922; --card: #1b212c; --line: #323b4a; --ink: #e6eaf2; --soft: #9aa5b8; --arrow: #65728a;
    --lcd: #17271a; --lcd-ink: #c5ecc0; --accent: #7aa7ff; --in: #4fd1c1; --bad: #ff8a80; --bad-ground: #3a1717; --warn: #f4b266;
    --menu: #7aa7ff; --input: #4fd1c1; --list: #c0a1ff; --confirm: #f4b266; --end: #b8c0cf; --unseen: #98a2b3;
  }
}
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { display: grid; grid-template: auto 1fr / 1fr auto; background: var(--ground); color: var(--ink); font: 14px/1.4 system-ui, sans-serif; }
header { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; padding: 8px 16px; background: var(--band); border-bottom: 1px solid var(--line); }
h1 { font-size: 16px; margin: 0; }
header .facts { color: var(--soft); }
header .facts b { color: var(--bad); }
label, fieldset { display: inline-flex; gap: 6px; align-items: center; border: 0; margin: 0; padding: 0; }
.spread { flex: 1; }
select, input, button { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 3px 8px; }
button { cursor: pointer; min-width: 32px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#map { overflow: auto; position: relative; cursor: grab; }
#map.dragged { cursor: grabbing; user-select: none; }
#sheet { position: relative; transform-origin: 0 0; }
#sheet svg { position: absolute; inset: 0; pointer-events: none; overflow: visible; }
.flow { position: absolute; margin: 0; background: var(--band); border: 1px solid var(--line); border-radius: 12px; }
.flow h2 { margin: 0; padding: 9px 16px; font-size: 15px; letter-spacing: .02em; }
.card { position: absolute; background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: 0 1px 3px #0002; padding: 0 10px 8px; cursor: pointer; text-align: left; }
.card.unseen { border-style: dashed; box-shadow: none; }
.card.unreached { border: 2px dashed var(--bad); }
.card.long { border: 2px solid var(--bad); }
.card h3 { margin: 0; height: 32px; display: flex; align-items: center; gap: 6px; font-size: 13px; }
.card h3 span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; flex: 1; }
.kind { font-size: 11px; font-weight: 600; color: var(--unseen); border: 1px solid currentColor; border-radius: 99px; padding: 0 7px; }
.menu .kind { color: var(--menu); } .input .kind { color: var(--input); } .list .kind { color: var(--list); }
.confirm .kind { color: var(--confirm); } .end .kind { color: var(--end); }
.phone { margin: 0; background: var(--lcd); color: var(--lcd-ink); border: 1px solid #0003; border-radius: 8px 8px 14px 14px; padding: 9px 10px; font: 12px/16px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre-wrap; overflow-wrap: anywhere; overflow: hidden; }
.meter { display: flex; align-items: center; gap: 8px; height: 24px; font-size: 11px; color: var(--soft); }
.meter i { flex: 1; height: 4px; border-radius: 2px; background: linear-gradient(90deg, var(--in) var(--full), var(--line) var(--full)); }
.over { color: var(--bad); font-weight: 700; }
.over i { background: var(--bad); }
.ways { list-style: none; margin: 0; padding: 0; font-size: 12px; }
.ways li { height: 20px; line-height: 20px; display: flex; gap: 6px; }
.ways span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; flex: 1; }
.ways em { font-style: normal; color: var(--soft); white-space: nowrap; max-width: 96px; overflow: hidden; text-overflow: ellipsis; }
.ways .ends em { font-weight: 600; color: var(--end); }
path { fill: none; stroke: var(--arrow); stroke-width: 1.4; }
path.backward, path.across { opacity: .35; stroke-dasharray: 5 4; }
.chosen-one path { opacity: .07; }
.chosen-one path.out { opacity: 1; stroke: var(--accent); stroke-width: 2.6; }
.chosen-one path.in { opacity: 1; stroke: var(--in); stroke-width: 2.6; }
.chosen-one .card { opacity: .32; }
.chosen-one .card.near, .chosen-one .card.chosen { opacity: 1; }
.chosen { outline: 3px solid var(--accent); outline-offset: 2px; }
.found { outline: 3px solid var(--warn); outline-offset: 2px; }
aside { width: 340px; overflow: auto; background: var(--band); border-left: 1px solid var(--line); padding: 12px 16px; }
aside h2 { font-size: 15px; margin: 4px 0 8px; overflow-wrap: anywhere; }
aside h3 { font-size: 13px; margin: 14px 0 4px; color: var(--soft); }
aside ul { margin: 0; padding: 0; list-style: none; }
aside li { padding: 4px 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
aside q { display: block; color: var(--soft); white-space: pre-wrap; }
aside button.link { border: 0; background: none; padding: 0; color: var(--accent); text-align: left; text-decoration: underline; }
aside pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/16px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; margin: 2px 0; }
aside .code { color: var(--bad); font-weight: 600; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 10px; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
@media (max-width: 760px) { body { grid-template: auto 1fr 40% / 1fr; } aside { width: auto; border-left: 0; border-top: 1px solid var(--line); } }
@media print { body { display: block; } header, aside { display: none; } #map { overflow: visible; } }
`
