"""The look of the grid, beside the style of reports.

The colours are of Okabe and Ito's palette, which the colour-blind tell apart; each state has a letter as well.
https://jfly.uni-koeln.de/color/
"""

GRID_STYLE = """
.grid { width: auto; border-spacing: 2px; border-collapse: separate; }
.grid th { padding: 0.2rem 0.35rem; border: 0; text-align: center; white-space: nowrap; font-size: 0.72rem;
  line-height: 1.3; }
.grid th[scope=row] { position: sticky; left: 0; z-index: 1; background: var(--paper); text-align: left;
  vertical-align: middle; color: var(--ink); font-size: 0.85rem; min-width: 6.5rem; max-width: 11rem;
  white-space: normal; overflow-wrap: anywhere; }
.grid td { min-width: 2.9rem; height: 2.6rem; padding: 0.15rem; border: 0; border-radius: 0.3rem; text-align: center;
  vertical-align: middle; line-height: 1.15; color: var(--soft); }
.grid td b, .grid td i { display: block; }
.grid td i { font-style: normal; font-size: 0.7rem; white-space: nowrap; }
.hours td { min-width: 1.55rem; height: 1.8rem; }
.grid .weekend { opacity: 0.65; }
.grid .ok, .legend .ok { background: #cfe6f5; color: #003a5d; }
.grid .after, .legend .after { background: #fbe3b0; color: #4d3500; }
.grid .late, .legend .late { background: #e69f00; color: #1c1300; }
.grid .bad, .legend .bad { background: #b33c00; color: #fff; }
.grid .way, .legend .way { background: #56b4e9; color: #00243a; }
.grid .held, .legend .held { background: #e3bcd3; color: #47122f; }
.grid .idle, .legend .idle { background: var(--wash); color: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: 0.4rem 1.1rem; list-style: none; margin: 0.9rem 0 0.2rem; padding: 0; }
.legend span { display: inline-block; min-width: 1.6rem; text-align: center; border-radius: 0.3rem; font-weight: 700; }
.shares th[scope=row] { color: var(--ink); font-size: 0.9rem; overflow-wrap: anywhere; min-width: 6.5rem; }
.shares th.number, .shares td.number { width: auto; padding: 0.35rem 1rem 0.35rem 0; }
h3 { min-width: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; padding: 0.6rem 0; font-weight: 600; }
code span { display: inline-block; max-width: 100%; }
.verdict + .figures { margin-top: 0.9rem; }
@media (max-width: 40rem) { .figures { grid-template-columns: 1fr 1fr; } }
@media print { .grid td, .legend span { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
