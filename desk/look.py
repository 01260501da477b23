"""One look: colours that colour-blind people tell apart, and never colour alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

MARKS: Final[Mapping[str, str]] = {"approve": "✓", "refer": "?", "decline": "✕"}
"""Inside the shape of a verdict's card."""
SHAPES: Final[Mapping[str, str]] = {"approve": "●", "refer": "▲", "decline": "■"}
"""Of each verdict, so that it is told without its colour."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one light; those of Okabe and Ito, made darker or lighter until text on the ground is read."""

    approve: str
    refer: str
    decline: str
    ink: str
    quiet: str
    grid: str
    ground: str
    wash: str

    def verdict(self, verdict: str) -> str:
        """Blue, amber, vermilion."""
        return {"approve": self.approve, "refer": self.refer, "decline": self.decline}[verdict]


LIGHT: Final = Palette("#0b66a8", "#c98500", "#b8430f", "#1d2733", "#5f6b79", "#e3e8ee", "#ffffff", "#9aa7b5")
DARK: Final = Palette("#5fb0ea", "#f0b43c", "#f07f50", "#e6ebf1", "#9aa7b5", "#2a3440", "#12171e", "#5f6b79")


def palette(dark: bool) -> Palette:
    """Of this light."""
    return DARK if dark else LIGHT


def styles(dark: bool, lender: str, browse: str, drop: str) -> str:
    """What Streamlit's theme cannot say: the lender's name over the screens' names, and the uploader's own words."""
    p = palette(dark)
    lender, browse, drop = _quoted(lender), _quoted(browse), _quoted(drop)
    return f"""<style>
.block-container.block-container {{ max-width: 1280px; padding-left: clamp(1.2rem, 3.5vw, 4rem);
  padding-right: clamp(1.2rem, 3.5vw, 4rem); }}
[data-testid="stSidebarHeader"]::before {{ content: {lender}; font-size: 1.2rem; font-weight: 650; color: {p.ink}; }}
.aval-verdict {{ display: flex; gap: .9rem; align-items: center; padding: .9rem 1.1rem; border-radius: 8px;
  border: 1px solid var(--edge); border-left: 6px solid var(--edge); }}
.aval-verdict .mark {{ flex: none; width: 38px; height: 38px; display: grid; place-items: center;
  background: var(--edge); color: {p.ground}; font-size: 1.25rem; font-weight: 700; line-height: 1; }}
.aval-verdict.approve .mark {{ border-radius: 50%; }}
.aval-verdict.refer .mark {{ clip-path: polygon(50% 0, 100% 100%, 0 100%); align-items: end; padding-bottom: 2px; }}
.aval-verdict.decline .mark {{ border-radius: 4px; }}
.aval-verdict .word {{ font-size: 1.45rem; font-weight: 650; line-height: 1.2; color: {p.ink}; }}
.aval-verdict .facts {{ color: {p.quiet}; font-size: .92rem; margin-top: .15rem; }}
.aval-verdict .facts b {{ white-space: nowrap; color: {p.ink}; font-weight: 600; }}
.aval-verdict.approve {{ --edge: {p.approve}; }}
.aval-verdict.refer {{ --edge: {p.refer}; }}
.aval-verdict.decline {{ --edge: {p.decline}; }}
.aval-reasons {{ margin: .2rem 0 0; padding-left: 1.3rem; color: {p.ink}; }}
.aval-reasons li {{ margin: .35rem 0; line-height: 1.4; }}
.aval-empty {{ text-align: center; padding: 2.6rem 1rem; color: {p.quiet}; border: 1px dashed {p.wash};
  border-radius: 8px; }}
.aval-empty b {{ display: block; color: {p.ink}; font-size: 1.1rem; margin-bottom: .3rem; font-weight: 600; }}
.aval-who {{ color: {p.quiet}; font-size: .9rem; line-height: 1.35; }}
.aval-who b {{ color: {p.ink}; font-weight: 600; }}
.aval-headed b {{ color: {p.ink}; font-weight: 600; }}
.aval-headed div {{ color: {p.quiet}; font-size: .875rem; margin-top: .5rem; }}
.aval-lender {{ font-size: 1.15rem; font-weight: 650; color: {p.ink}; }}
.aval-terms {{ display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.15fr); gap: .3rem 1rem; color: {p.ink};
  font-size: .95rem; }}
.aval-terms.aval-terms, .aval-terms.aval-terms > * {{ margin: 0; padding: 0; }}
.aval-terms dt {{ color: {p.quiet}; }} .aval-terms dd {{ overflow-wrap: anywhere; }}
[data-testid="InputInstructions"] {{ display: none; }}
[data-testid="stFileUploaderDropzoneInstructions"] * {{ font-size: 0 !important; }}
[data-testid="stFileUploaderDropzoneInstructions"]::after {{ content: {drop}; color: {p.quiet}; font-size: .9rem; }}
[data-testid="stFileUploaderDropzone"] button p {{ font-size: 0; }}
[data-testid="stFileUploaderDropzone"] button p::after {{ content: {browse}; font-size: .95rem; }}
.aval-legend {{ display: flex; gap: 1.2rem; flex-wrap: wrap; color: {p.quiet}; font-size: .9rem; }}
.aval-legend span::before {{ content: ""; display: inline-block; width: .8rem; height: .8rem; border-radius: 2px;
  margin-right: .4rem; vertical-align: -1px; background: var(--edge); }}
[data-testid="stMetricLabel"], [data-testid="stMetricLabel"] * {{ white-space: normal !important; }}
[data-testid="stMetricLabel"] p {{ color: {p.quiet}; line-height: 1.25; }}
</style>"""


def _quoted(text: str) -> str:
    """As CSS writes a string, whatever is in it."""
    return '"' + "".join(f"\\{ord(letter):x} " for letter in text) + '"'


def verdict(kind: str, sentence: str, facts: str) -> str:
    """A verdict as a card: a shape, a word, and `facts` (already HTML)."""
    return (
        f'<div class="aval-verdict {kind}" role="status"><span class="mark" aria-hidden="true">{MARKS[kind]}</span>'
        f'<div><div class="word">{escape(sentence)}</div><div class="facts">{facts}</div></div></div>'
    )


def legend(names: Mapping[str, str]) -> str:
    """Names with their colours."""
    return '<div class="aval-legend">{}</div>'.format(
        "".join(f'<span style="--edge: {colour}">{escape(name)}</span>' for name, colour in names.items())
    )


def reasons(sentences: list[str]) -> str:
    """Principal reasons, the weightiest first."""
    return f'<ol class="aval-reasons">{"".join(f"<li>{escape(one)}</li>" for one in sentences)}</ol>'


def empty(title: str, what: str) -> str:
    """A screen with nothing to show, and what to do."""
    return f'<div class="aval-empty"><b>{escape(title)}</b>{escape(what)}</div>'


def headed(title: str, line: str) -> str:
    """The title of a chart, and a line beneath."""
    beneath = f"<div>{escape(line)}</div>" if line else ""
    return f'<div class="aval-headed"><b>{escape(title)}</b>{beneath}</div>'


def terms(pairs: Mapping[str, str]) -> str:
    """Names and what they are."""
    cells = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in pairs.items())
    return f'<dl class="aval-terms">{cells}</dl>'
