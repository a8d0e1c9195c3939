"""The picture in ``docs/lots/bias.md``, from the results: ``python -m bench.lots_chart``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from bench.lots_bias_small import STEPS

RESULTS: Final = Path(__file__).with_name("results.json")
PICTURE: Final = Path(__file__).parents[1] / "docs" / "lots" / "bias.svg"
WIDTH, HEIGHT, LEFT, TOP, FOOT = 640, 300, 56, 16, 50
COLOURS: Final = {"worst": "#b45309", "mean": "#1d4ed8"}


def main() -> None:
    """Draw it."""
    entries = {one["name"]: one for one in json.loads(RESULTS.read_text())}
    measured = entries["bias: small cycles, similar_tickets 1"]["measured"]
    PICTURE.write_text(_picture(measured))


def _picture(measured: dict[str, float]) -> str:
    columns = ["lot by lot", *(f"whole, {steps} steps a slot" for steps in STEPS)]
    labels = ["lot by lot", *map(str, STEPS)]
    top = max(measured[f"{name}: worst"] for name in columns)
    most = -(-top * 10 // 1) / 10
    room = (WIDTH - LEFT - 10) / len(columns)
    foot = HEIGHT - FOOT

    def y(value: float) -> float:
        return foot - (foot - TOP) * value / most

    parts = []
    for tenth in range(int(most * 10 + 0.5) + 1):
        at = y(tenth / 10)
        parts += [
            f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{at:.1f}" y2="{at:.1f}" stroke="#d6d3d1"/>',
            f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>',
        ]
    for number, (name, label) in enumerate(zip(columns, labels, strict=True)):
        x = LEFT + room * number
        for shift, kind in enumerate(("mean", "worst")):
            value = measured[f"{name}: {kind}"]
            parts.append(
                f'<rect x="{x + room * (0.18 + 0.34 * shift):.1f}" y="{y(value):.1f}"'
                f' width="{room * 0.3:.1f}" height="{foot - y(value):.1f}"'
                f' fill="{COLOURS[kind]}"><title>{name}, {kind}: {value}</title></rect>'
            )
        parts.append(
            f'<text x="{x + room / 2:.1f}" y="{foot + 16}" text-anchor="middle">{label}</text>'
        )
    middle = LEFT + room + (WIDTH - 10 - LEFT - room) / 2
    parts.append(
        f'<text x="{middle:.0f}" y="{foot + 38}" text-anchor="middle">whole, steps a slot</text>'
    )
    for shift, kind in enumerate(("mean", "worst")):
        parts += [
            f'<rect x="{WIDTH - 200 + 90 * shift}" y="{TOP + 14}" width="12" height="12"'
            f' fill="{COLOURS[kind]}"/>',
            f'<text x="{WIDTH - 182 + 90 * shift}" y="{TOP + 25}">{kind}</text>',
        ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' font-family="sans-serif" font-size="12" fill="#292524">\n'
        "<title>Distance from even chances in small cycles</title>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()
