"""A small file of loans, and what makes others of it."""

import csv
import re
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
from course import FORM

from credit_risk.form import plain

COLUMNS = (FORM.outcome.column, *(each.column for each in FORM.fields))

WRITTEN = """
Status,Seniority,Home,Time,Age,Marital,Records,Job,Expenses,Income,Assets,Debt,Amount,Price
1,9,1,60,30,2,1,3,73,129,0,0,800,846
2,10,2,36,46,2,2,3,90,200,3000,0,2000,2985
0,10,3,60,25,1,1,1,35,148,3000,0,1500,1888
1,0,6,60,24,1,1,4,63,182.5,2500,0,900,1325
"""
"""Loans in the columns that the form had when this was written."""
ADDED = {each.column: plain(each.example) for each in FORM.fields if each.column not in WRITTEN}
"""Cells of a number that was added since: no test has to know of it."""

HEADER = ",".join(COLUMNS)
ROWS = tuple(
    ",".join({**ADDED, **loan}[column] for column in COLUMNS)
    for loan in csv.DictReader(StringIO(WRITTEN.strip()))
)
TABLE = "\n".join((HEADER, *ROWS)) + "\n"
SMALL = pd.read_csv(StringIO(TABLE)).astype("float64")
FILES = ("loans.csv", "loans.parquet")

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
TYPES = 'xmlns="http://schemas.openxmlformats.org/package/2006/content-types"'
LINKS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'


def written(path: Path, content: str | bytes) -> Path:
    """Write text or bytes to a file."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def saved(path: Path, table: pd.DataFrame) -> Path:
    """Write a table in the format that the path's ending names."""
    table.to_parquet(path) if path.suffix == ".parquet" else table.to_csv(path, index=False)
    return path


def with_cell(row: int, column: str, value: str) -> str:
    """Return the small table with another value in one cell; row 1 is the first."""
    lines = [line.split(",") for line in TABLE.splitlines()]
    lines[row][COLUMNS.index(column)] = value
    return "\n".join(",".join(line) for line in lines)


def workbook(**sheets: list[list[str]]) -> bytes:
    """Write a workbook of Excel (XLSX): rows of cells by sheet; what is a number becomes one."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.{}+xml".format
    types = [f'<Override PartName="/xl/workbook.xml" ContentType="{kind("sheet.main")}"/>']
    names, links, parts = [], [], {}
    for number, (name, rows) in enumerate(sheets.items(), 1):
        file = f"worksheets/sheet{number}.xml"
        types.append(f'<Override PartName="/xl/{file}" ContentType="{kind("worksheet")}"/>')
        names.append(f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>')
        links.append(f'<Relationship Id="r{number}" Type="{OFFICE}/worksheet" Target="{file}"/>')
        lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
        parts[f"xl/{file}"] = f"<worksheet {MAIN}><sheetData>{lines}</sheetData></worksheet>"
    parts["[Content_Types].xml"] = f"<Types {TYPES}>{''.join(types)}</Types>"
    main = f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    parts["_rels/.rels"] = f"<Relationships {LINKS}>{main}</Relationships>"
    parts["xl/_rels/workbook.xml.rels"] = f"<Relationships {LINKS}>{''.join(links)}</Relationships>"
    parts["xl/workbook.xml"] = (
        f'<workbook {MAIN} xmlns:r="{OFFICE}"><sheets>{"".join(names)}</sheets></workbook>'
    )
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for path, text in parts.items():
            archive.writestr(path, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return out.getvalue()


def _cell(text: str) -> str:
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return f"<c><v>{text}</v></c>"
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>' if text else "<c/>"
