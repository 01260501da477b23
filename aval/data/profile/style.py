"""The report's style sheet: light or dark as the reader's system is."""

from typing import Final

STYLE: Final = """
:root { --paper: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --soft: #566170; --line: #d9dee5; --rail: #e6eaef;
  --blue: #2f76ad; --all: #8fb8d8; --orange: #c65102; --link: #1a5f96; --odd: #a9b1bc; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1d2127; --ink: #e8ebef; --soft: #a5afbc;
  --line: #343b45; --rail: #2a3038; --blue: #6db3e8; --all: #4a7fa6; --orange: #ff9d57; --link: #8cc4f2;
  --odd: #6d7784; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue",
  Arial, "Liberation Sans", sans-serif; display: grid; grid-template-columns: 210px minmax(0, 1fr); }
nav { position: sticky; top: 0; align-self: start; height: 100vh; overflow: auto; padding: 28px 12px 20px 24px;
  border-right: 1px solid var(--line); font-size: 14px; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: 4px 0; color: var(--soft); text-decoration: none; }
nav a:hover, nav a:focus { color: var(--link); text-decoration: underline; }
.brand { margin: 0 0 12px; font-weight: 600; }
main { padding: 24px 36px 80px; max-width: 1260px; min-width: 0; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 22px; margin: 44px 0 10px; padding-bottom: 6px; border-bottom: 2px solid var(--line); }
h3 { font-size: 16px; margin: 26px 0 8px; }
h4 { font-size: 14px; margin: 0; overflow-wrap: anywhere; }
p { margin: 0 0 10px; max-width: 78ch; }
a { color: var(--link); }
.from, .note { color: var(--soft); font-size: 13px; }
.note { margin: 2px 0 6px; line-height: 1.35; }
.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 10px; margin: 16px 0 0; }
.key div { background: var(--card); border-radius: 8px; padding: 10px 14px; display: flex;
  flex-direction: column-reverse; }
.key dt { color: var(--soft); font-size: 13px; }
.key dd { margin: 0; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.findings { columns: 2 400px; column-gap: 18px; }
.findings article { break-inside: avoid; background: var(--card); border-radius: 8px; padding: 14px 18px 10px;
  margin: 0 0 16px; border-left: 4px solid var(--blue); }
.findings h3 { margin: 0 0 4px; font-size: 17px; line-height: 1.3; overflow-wrap: anywhere; }
.findings p, .findings li { overflow-wrap: anywhere; }
.findings ul { margin: 0 0 8px; padding-left: 18px; }
.findings li { margin: 3px 0; }
.more { font-size: 13px; margin: 0; }
.cards { columns: 3 340px; column-gap: 16px; }
.cards article { break-inside: avoid; border: 1px solid var(--line); border-radius: 8px; padding: 10px 12px;
  margin: 0 0 14px; }
.cards h3 { margin: 0; font-size: 15px; }
.tag { font-size: 12px; font-weight: 400; color: var(--soft); border: 1px solid var(--line); border-radius: 9px;
  padding: 0 7px; }
.scroll { overflow-x: auto; margin: 0 0 12px; }
table { border-collapse: collapse; font-size: 13px; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); vertical-align: bottom; }
th, td { padding: 4px 9px 4px 0; border-bottom: 1px solid var(--line); }
td { vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.n { white-space: normal; }
details { margin: 8px 0; }
summary { cursor: pointer; color: var(--link); font-size: 14px; padding: 3px 0; }
.cards details { margin: 2px 0 0; }
.cards summary { font-size: 12px; color: var(--soft); }
.cards table { font-size: 12px; }
svg { display: block; width: 100%; height: auto; }
svg.cell { display: inline-block; width: auto; min-width: 60px; vertical-align: middle; }
text { fill: var(--ink); font-size: 11px; }
text.head, text.figure { fill: var(--soft); font-size: 10.5px; }
text.figure { font-variant-numeric: tabular-nums; }
text.tiny { font-size: 8px; }
text.odd { font-style: italic; fill: var(--soft); }
rect.all { fill: var(--all); }
rect.odd { fill: var(--odd); }
rect.rail { fill: var(--rail); }
rect.hole { fill: var(--blue); }
rect.warm { fill: var(--orange); }
rect.cold { fill: var(--blue); }
rect.frame { fill: none; stroke: var(--line); }
path.late { fill: none; stroke: var(--orange); stroke-width: 1.8; }
line.axis { stroke: var(--line); }
line.base { stroke: var(--soft); stroke-dasharray: 3 3; stroke-width: 0.9; }
line.bad { stroke: var(--orange); stroke-width: 1.6; }
circle.bad { fill: var(--orange); }
circle.odd { fill: var(--paper); stroke: var(--orange); stroke-width: 1.6; }
:target { outline: 2px solid var(--orange); outline-offset: 4px; }
section:target { outline: none; }
@media (max-width: 1100px) { body { display: block; } nav { position: static; height: auto; border-right: 0;
  border-bottom: 1px solid var(--line); padding: 12px 24px; } nav ul { display: flex; flex-wrap: wrap; gap: 0 16px; }
  .brand { margin: 0; } main { padding: 20px 24px 60px; } }
@media print { nav { display: none; } body { display: block; font-size: 12px; } .findings { columns: 1; } }
"""
