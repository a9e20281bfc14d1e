"""The look of a report page: one style sheet for screen, night and paper."""

STYLE = """
:root { color-scheme: light dark; --paper: #f5f3ee; --card: #fffefb; --ink: #1c2330; --soft: #5b6472; --line: #e2ddd2;
  --bad: #b3271e; --good: #156b50; --warn: #8a5200; --wash: #f0ece3; --water: #3d7ea6; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { --paper: #11151b; --card: #191f28; --ink: #e9e6df; --soft: #9ba5b4;
  --line: #2c3541; --bad: #ff8b7b; --good: #62d1a8; --warn: #f2b85e; --wash: #222a35; --water: #6fb3dc;
  --on: #11151b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.6; overflow-wrap: break-word;
  font-family: system-ui, -apple-system, "Segoe UI", "Hiragino Sans", "Yu Gothic UI", Meiryo, "Noto Sans CJK JP",
  "Noto Sans JP", sans-serif; font-size: 16px; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.25; margin: 0; letter-spacing: -0.01em; text-wrap: balance; }
h2 { font-size: 1.15rem; margin: 2.75rem 0 0.75rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0.35rem 0; }
a { color: inherit; text-decoration-color: var(--soft); text-underline-offset: 0.2em; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; padding: 1.1rem 1.35rem; }
.soft, caption, th, dt { color: var(--soft); }
.small { font-size: 0.875rem; }
.brand { display: flex; justify-content: space-between; gap: 1rem; margin-bottom: 1rem; color: var(--soft); }
.brand b { color: var(--ink); letter-spacing: 0.04em; }
.verdict { display: flex; gap: 1.5rem; align-items: center; border-left: 0.5rem solid var(--state);
  padding: 1.5rem 1.75rem; }
.verdict h1 { color: var(--state); }
.verdict p { font-size: 1.05rem; }
.gate { flex: none; width: 5.5rem; height: 5.5rem; }
.gate .post { fill: var(--ink); } .gate .panel { fill: var(--state); } .gate .wave { stroke: var(--water); }
.bad { --state: var(--bad); } .good { --state: var(--good); } .warn { --state: var(--warn); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; margin: 0.75rem 0; }
.figures div { padding: 0.7rem 1.1rem; }
.figures b { display: block; font-size: 1.6rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1.5rem; margin: 0; }
dd { margin: 0; overflow-wrap: anywhere; }
.bars { display: grid; grid-template-columns: minmax(10rem, 5fr) 4fr max-content; gap: 0.55rem 1rem;
  align-items: center; list-style: none; margin: 0; padding: 0; }
.bars li { display: contents; }
.bars svg { width: 100%; height: 0.8rem; }
.bars b, .number { text-align: right; font-variant-numeric: tabular-nums; }
.bars a { text-decoration: none; } .bars a:hover { text-decoration: underline; }
.column { font-weight: 600; } .alias { font-weight: 400; font-size: 0.85em; color: var(--soft); }
.fill { fill: var(--bad); } .rail { fill: var(--wash); }
.strip { width: 100%; height: 4.5rem; display: block; }
.axis { display: flex; justify-content: space-between; margin-top: 0.3rem; font-variant-numeric: tabular-nums; }
.rule { margin-bottom: 0.9rem; }
.rule header { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: baseline; }
.rule header .count { margin-left: auto; font-weight: 600; color: var(--bad); font-variant-numeric: tabular-nums; }
.fix { border-left: 3px solid var(--good); padding-left: 0.75rem; margin: 0.6rem 0 0.75rem; }
.code, code { font-family: ui-monospace, "SF Mono", Consolas, "Liberation Mono", "Noto Sans Mono CJK JP", monospace; }
.code { font-size: 0.8rem; color: var(--soft); white-space: nowrap; }
code { font-size: 0.875em; background: var(--wash); border-radius: 0.25rem; padding: 0.1em 0.3em; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.escape { color: var(--warn); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
caption { text-align: left; font-size: 0.875rem; padding-bottom: 0.4rem; }
th { text-align: left; font-weight: 500; font-size: 0.82rem; }
th, td { padding: 0.35rem 0.9rem 0.35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th.number, td.number { width: 1%; padding: 0.35rem 1.75rem 0.35rem 0; white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
.mark { display: inline-block; border-radius: 1rem; padding: 0 0.6rem; font-size: 0.8rem; font-weight: 600;
  color: var(--on); background: var(--state); white-space: nowrap; }
footer { margin-top: 2.5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
@media (max-width: 40rem) { .verdict { padding: 1.1rem; gap: 1rem; } .gate { width: 3.5rem; height: 3.5rem; }
  h1 { font-size: 1.45rem; } .bars { grid-template-columns: 1fr max-content; } .bars svg { display: none; } }
@media print { :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb;
  --bad: #a01a12; --good: #0d5a42; --warn: #704200; --wash: #eee; --water: #3d7ea6; --on: #fff; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; } .wide { overflow: visible; }
  .card, tr { break-inside: avoid; } h2 { break-after: avoid; }
  .fill, .rail, .gate *, .mark, .verdict { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
