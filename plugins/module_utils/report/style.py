# SPDX-License-Identifier: GPL-3.0-or-later
"""How the page of a report looks: on a phone, on a desk, and on paper."""

from __future__ import annotations

STYLE = """
:root { --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --paper: #ffffff; --tint: #f5f7fa;
  --good: #1a7f4b; --bad: #b3261e; --odd: #9a6700; --calm: #6b7684; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --line: #36404d; --paper: #14181e;
  --tint: #1d232b; --good: #4cc38a; --bad: #ff8a80; --odd: #e3b341; --calm: #8b96a5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: .25rem 0; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
.way, .note, dt { color: var(--soft); }
.verdict, .chip { display: inline-block; border-radius: 1rem; padding: 0 .7rem; color: var(--paper);
  background: var(--calm); }
.verdict { margin: 0; font-weight: 600; text-transform: uppercase; letter-spacing: .04em; }
.succeeded.verdict, .succeeded.chip { background: var(--good); }
.failed.verdict, .failed.chip { background: var(--bad); }
.degraded.verdict, .partial.chip, .unknown.chip { background: var(--odd); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .5rem; margin: 1rem 0; }
.figures div { background: var(--tint); border-radius: .5rem; padding: .5rem .75rem; }
.figures dd { margin: 0; font-size: 1.15rem; font-weight: 600; }
.box { border-left: 4px solid var(--bad); background: var(--tint); padding: .25rem .75rem; margin: .5rem 0;
  overflow-wrap: anywhere; }
.box p { margin: .25rem 0; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .93rem; }
th { text-align: left; color: var(--soft); font-weight: 600; }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
summary { cursor: pointer; padding: .5rem 0; }
figure { margin: 0; overflow-x: auto; }
.timeline { width: 100%; min-width: 34rem; height: auto; font: 12px system-ui, sans-serif; }
.timeline text { fill: var(--ink); }
.timeline text.phase { font-weight: 600; }
.timeline text.tick { fill: var(--soft); font-size: 11px; }
.timeline .grid { stroke: var(--line); }
.timeline .bar { fill: var(--calm); }
.timeline .bar.succeeded { fill: var(--good); }
.timeline .bar.entity { opacity: .65; }
.timeline .bar.failed { fill: var(--bad); }
.timeline .bar.partial, .timeline .bar.unknown { fill: var(--odd); }
footer { margin-top: 2rem; border-top: 1px solid var(--line); font-size: .85rem; }
footer dl { display: flex; flex-wrap: wrap; gap: .25rem 2rem; }
footer dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  thead { position: absolute; left: -100vw; }
  tr { display: block; border-bottom: 1px solid var(--line); padding: .4rem 0; }
  td { display: flex; gap: .75rem; border: 0; padding: .1rem 0; }
  td:empty { display: none; }
  td::before { content: attr(data-heading); flex: 0 0 5.5rem; color: var(--soft); }
}
@media print {
  body { max-width: none; font-size: 11px; }
  details::details-content { content-visibility: visible; }
  .verdict, .chip, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  tr, .box { break-inside: avoid; }
}
"""
