"""Draw ``architecture.svg`` from the tables of ``architecture.md``.

python docs/draw_architecture.py
"""

import re
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
ROW = re.compile(r"^\| `([\w/]+\.py)` \| (.+?) \| (keys|log)? ?\|$", re.MULTILINE)
COMMAND = re.compile(r"^\| `python -m credit_risk\.decision_log (\w+)` \|", re.MULTILINE)
COLOURS = {"lean_bento": "#4e79a7", "audit_log": "#59a14f"}
CREDIT = "#e15759"
STEP, TOP, LEFT, WIDTH = 30, 58, 30, 860


def draw(text: str) -> str:
    """Return the picture of the tables in a Markdown text, as SVG."""
    rows = ROW.findall(text)
    end = TOP + STEP * (len(rows) - 0.5)
    height = TOP + STEP * (len(rows) + 3)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            'font-family="sans-serif" font-size="13" role="img">'
        ),
        "<title>The files that one application passes, from the socket to the answer</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        _label(LEFT, 30, "POST /classify: from the socket to the answer", "#222", 16),
        *(
            _label(place, 30, name, colour, 13)
            for place, name, colour in (
                (480, "lean_bento", COLOURS["lean_bento"]),
                (580, "credit_risk, service.py", CREDIT),
                (760, "audit_log", COLOURS["audit_log"]),
            )
        ),
        (
            f'<line x1="{LEFT + 8}" x2="{LEFT + 8}" y1="{TOP}" y2="{end:g}" '
            'stroke="#bbb" stroke-width="2"/>'
        ),
    ]
    for number, (file, about, only) in enumerate(rows):
        y = TOP + STEP * number
        colour = COLOURS.get(file.partition("/")[0], CREDIT)
        dash = ' stroke-dasharray="4 3"' if only else ""
        parts += [
            f'<circle cx="{LEFT + 8}" cy="{y + 12}" r="5" fill="{colour}"/>',
            (
                f'<rect x="{LEFT + 28}" y="{y}" width="330" height="24" rx="5" fill="#fff" '
                f'stroke="{colour}"{dash}/>'
            ),
            _label(LEFT + 38, y + 17, file, "#222", 13),
            _label(LEFT + 374, y + 17, about + (f" (with {only})" if only else ""), "#444", 13),
        ]
    y = TOP + STEP * (len(rows) + 0.7)
    after = "After the answer, the decision is a line of the log: "
    parts.append(_label(LEFT, y, after + ", ".join(COMMAND.findall(text)), "#222", 13))
    return "\n".join([*parts, "</svg>", ""])


def _label(x: float, y: float, text: str, colour: str, size: int) -> str:
    return f'<text x="{x:g}" y="{y:g}" fill="{colour}" font-size="{size}">{escape(text)}</text>'


if __name__ == "__main__":
    picture = draw((HERE / "architecture.md").read_text(encoding="utf-8"))
    (HERE / "architecture.svg").write_text(picture, encoding="utf-8")
