"""Bar charts as the places of their rectangles; the page's template draws them as SVG. No scripts, no fonts, no network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 720
HEIGHT = 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 26, 18, 26
_GAP = 0.25
"""Of a bar's place."""
_WIDEST = 42
_LABELS = 8
"""Labels under a chart, at most: they must not run into each other on a phone."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, with what it stands for as the reader may be told."""

    x: float
    y: float
    width: float
    height: float
    series: str
    tip: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over a common base line, the lines of the scale with their figures, and what stands under the bars."""

    bars: list[Bar]
    scale: list[Label]
    labels: list[Label]
    base: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def scale_of(most: int) -> list[int]:
    """Return the figures of a scale from 0 to at least `most`, in steps that people count in."""
    rough = max(1.0, most / 4)
    power = 10 ** math.floor(math.log10(rough))
    step = next(int(each * power) for each in (1, 2, 5, 10) if each * power >= rough)
    return [each * step for each in range(math.ceil(max(most, 1) / step) + 1)]


def stacked(points: Sequence[tuple[str, Mapping[str, int]]], series: Sequence[str]) -> Chart:
    """Lay out a bar for each point (label, figure by series), its series one on top of the other."""
    steps = scale_of(max((sum(counts.get(name, 0) for name in series) for _, counts in points), default=0))
    base = HEIGHT - _BOTTOM
    unit = (base - _TOP) / steps[-1]
    place = (WIDTH - _LEFT - _RIGHT) / max(1, len(points))
    width = min(_WIDEST, place * (1 - _GAP))
    every = math.ceil(len(points) / _LABELS) or 1
    bars: list[Bar] = []
    labels: list[Label] = []
    for number, (label, counts) in enumerate(points):
        middle = _LEFT + place * (number + 0.5)
        top = float(base)
        for name in series:
            height = counts.get(name, 0) * unit
            if height:
                top -= height
                tip = f"{label}: {counts[name]:,} {name.replace('_', ' ')}"
                bars.append(Bar(_r(middle - width / 2), _r(top), _r(width), _r(height), name, tip))
        if number % every == 0:
            labels.append(Label(_r(middle), HEIGHT - 6, label))
    scale = [Label(_LEFT - 6, _r(base - step * unit), f"{step:,}") for step in steps]
    return Chart(bars, scale, labels, base)


def _r(number: float) -> float:
    return round(number, 1)
