"""Logs -> one SVG a network (loss, score, learning rate over minutes) and a page that shows them all."""

import json
import math
from html import escape
from pathlib import Path

WIDTH, HEIGHT, GAP, LEFT, TOP = 225, 170, 56, 46, 44
COLOURS = ("#1f6feb", "#d1495b", "#2a9d58")
PANELS = (
    ("training loss", (("loss", ""),), None),
    ("held-out loss", (("val_loss", ""),), None),
    (
        "held-out score",
        (("dice", "Dice"), ("level_accuracy", "levels right"), ("auc", "AUC by vertebra")),
        (0.0, 1.0),
    ),
    ("learning rate", (("rate", ""),), None),
)
"""Title of each panel; the log's columns in it with their names; ends of its axis where they are given.

What a log lacks is left out. The losses have an axis each: training sums weighted terms on other samples."""
SHOWN = (
    "epoch",
    "minutes",
    "samples_per_second",
    "loss",
    "val_loss",
    "dice",
    "level_accuracy",
    "auc",
    "best_f2",
)


def read_log(path: Path) -> list[dict]:
    """Rows of log.jsonl; of a step that a continued training took twice, the last row."""
    rows = {row["step"]: row for row in map(json.loads, path.read_text().splitlines())}
    return [rows[step] for step in sorted(rows)]


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """About `count` round numbers within [low, high]."""
    if high <= low:
        return [low]
    raw = (high - low) / count
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def panel(
    title: str,
    series: list[tuple[str, list[tuple[float, float]]]],
    left: float,
    ends: tuple[float, float] | None = None,
) -> str:
    """One diagram as an SVG group. series: (name, [(minutes, value)]); without `ends` the axis shows 0."""
    points = [p for _, values in series for p in values]
    right = max((x for x, _ in points), default=1.0) or 1.0
    low, high = ends or (min([0.0, *(y for _, y in points)]), max((y for _, y in points), default=1.0))
    high = high if high > low else low + 1.0

    def at(x: float, y: float) -> str:
        return f"{x / right * WIDTH:.1f},{HEIGHT - (y - low) / (high - low) * HEIGHT:.1f}"

    parts = [f'<g transform="translate({left} {TOP})"><text y="-24" class="title">{escape(title)}</text>']
    for y in ticks(low, high):
        where = at(0, y).split(",")[1]
        parts.append(f'<line x2="{WIDTH}" y1="{where}" y2="{where}" class="grid"/>')
        parts.append(f'<text x="-6" y="{where}" dy="4" text-anchor="end">{y:.3g}</text>')
    for x in ticks(0, right):
        parts.append(
            f'<text x="{at(x, low).split(",")[0]}" y="{HEIGHT + 16}" text-anchor="middle">{x:.3g}</text>'
        )
    parts.append(f'<text x="{WIDTH}" y="{HEIGHT + 30}" text-anchor="end">minutes</text>')
    for k, (name, values) in enumerate(series):
        colour = COLOURS[k % len(COLOURS)]
        path = " ".join(at(x, y) for x, y in values)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        if len(values) < 30:
            parts += [
                f'<circle cx="{x}" cy="{y}" r="2.4" fill="{colour}"/>'
                for x, y in (p.split(",") for p in path.split())
            ]
        parts.append(f'<text x="{75 * k}" y="-8" fill="{colour}" style="fill:{colour}">{escape(name)}</text>')
    return "".join(parts) + "</g>"


def draw(rows: list[dict]) -> str:
    """The SVG of one network's log."""
    panels = []
    for n, (title, columns, ends) in enumerate(PANELS):
        series = []
        for column, name in columns:
            values = [(r["minutes"], r[column]) for r in rows if r.get(column) is not None]
            if values:
                series.append((name, values))
        panels.append(panel(title, series, LEFT + n * (WIDTH + GAP), ends))
    width, height = LEFT + len(PANELS) * (WIDTH + GAP), TOP + HEIGHT + 40
    style = "text{font:11px sans-serif;fill:#555}.title{font-weight:600;fill:#111}.grid{stroke:#ddd}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}"><style>{style}</style>{"".join(panels)}</svg>'
    )


def write_curves(run: Path, title: str = "") -> Path:
    """curves/*.svg and curves.html below `run`, from every NETWORK/log.jsonl in it; the page's path."""
    run = Path(run)
    (run / "curves").mkdir(exist_ok=True)
    sections = []
    for log in sorted(run.glob("**/log.jsonl"), key=lambda path: path.stat().st_mtime):
        rows = read_log(log)
        name = "-".join(log.parent.relative_to(run).parts)
        svg = draw(rows)
        (run / "curves" / f"{name}.svg").write_text(svg)
        last = {n: rows[-1][n] for n in SHOWN if rows[-1].get(n) is not None}
        facts = ", ".join(f"{n.replace('_', ' ')} {v:.4g}" for n, v in last.items())
        sections.append(f"<h2>{escape(name)}</h2><p>Last row: {escape(facts)}</p>{svg}")
    page = run / "curves.html"
    head = f'<!doctype html><meta charset="utf-8"><title>{escape(title or "Training curves")}</title>'
    style = "<style>body{font:14px sans-serif;margin:24px;color:#111}svg{max-width:100%;height:auto}</style>"
    note = (
        "<p>Held-out scores are of the masks as prepared and of as many cases as the recipe looks at; they "
        "are no evaluation. The training loss sums weighted terms on augmented samples: compare its slope "
        "with the held-out loss, not its height.</p>"
    )
    page.write_text(f"{head}{style}<h1>{escape(title or 'Training curves')}</h1>{note}{''.join(sections)}\n")
    return page
