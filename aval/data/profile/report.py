"""Puts the profile in a folder: the page, the figures, and pictures for a slide."""

from pathlib import Path

from aval.data.profile import pictures
from aval.data.profile.facts import Profile
from aval.data.profile.page import page

PAGE = "profile.html"


def write(facts: Profile, folder: Path) -> Path:
    """Writes `profile.html`, `summary.json` and, where matplotlib is at hand, PNGs; returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(facts.json(), encoding="utf-8")
    path = folder / PAGE
    path.write_text(page(facts), encoding="utf-8")
    try:
        pictures.draw(facts, folder)
    except ImportError:  # deciding does without matplotlib, and the page needs none
        return path
    return path
