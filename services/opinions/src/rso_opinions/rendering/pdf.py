"""The report as PDF, by typst. What people wrote reaches the templates as JSON data and is set as text, never as markup."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from rso_opinions.domain.opinion_events import RenderingKind

_TEMPLATES = Path(__file__).parent / "templates"


@cache
def _fonts() -> typst.Fonts:
    """Only the fonts that the wheel carries: every machine makes the same page."""
    return typst.Fonts(include_system_fonts=False)


def render(kind: RenderingKind, data: Mapping[str, Any], made_at: datetime) -> bytes:
    """One PDF (US letter, tagged for screen readers). `data` is what `document.lay_out` gives; `made_at` stands in it as its date."""
    return typst.compile(
        _TEMPLATES / f"{kind.value}.typ",
        root=_TEMPLATES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"report": json.dumps(data, ensure_ascii=False)},
        pdf_standards="ua-1",
        timestamp=made_at.replace(microsecond=0),  # a PDF knows no fractions of a second
    )
