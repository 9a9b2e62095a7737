"""A form of an item's guide as a text document people fill in, empty or as a sample."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

from .rules.guides import FormDocument

_NS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}" Target="word/document.xml"/></Relationships>'
)
# twentieths of a point
_LABEL, _VALUE = 2400, 6600
# the same text gives the same file, whenever it is made
_MADE = (2000, 1, 1, 0, 0, 0)


def form_document(form: FormDocument, item: str, head: str, filled: bool) -> bytes:
    """The form as .docx; ``filled`` makes it the sample. ``head`` stands under the title."""
    title = f"{form.title}（示范文本）" if filled else form.title
    rows = "".join(_row(row.label, row.example if filled else "") for row in form.rows)
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    body = (
        f"{_paragraph(title, 32, 'center', bold=True)}{_paragraph(item, 21, 'center')}"
        f'<w:tbl><w:tblPr><w:tblW w:w="{_LABEL + _VALUE}" w:type="dxa"/>'
        f"<w:tblBorders>{borders}</w:tblBorders></w:tblPr>"
        f'<w:tblGrid><w:gridCol w:w="{_LABEL}"/><w:gridCol w:w="{_VALUE}"/></w:tblGrid>'
        f"{rows}</w:tbl>{_paragraph(head, 18, 'left')}"
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" '
        'w:header="851" w:footer="992" w:gutter="0"/></w:sectPr>'
    )
    document = f'{_XML}<w:document xmlns:w="{_NS}"><w:body>{body}</w:body></w:document>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _RELATIONS),
            ("word/document.xml", document),
        ):
            archive.writestr(zipfile.ZipInfo(name, _MADE), content)
    return buffer.getvalue()


def _row(label: str, value: str) -> str:
    cells = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
        f"{_paragraph(text, 21, 'left')}</w:tc>"
        for width, text in ((_LABEL, label), (_VALUE, value))
    )
    return (
        '<w:tr><w:trPr><w:cantSplit/><w:trHeight w:val="560" w:hRule="atLeast"/></w:trPr>'
        f"{cells}</w:tr>"
    )


def _paragraph(text: str, half_points: int, align: str, *, bold: bool = False) -> str:
    run = f'<w:rPr>{"<w:b/>" if bold else ""}<w:sz w:val="{half_points}"/></w:rPr>'
    return (
        f'<w:p><w:pPr><w:spacing w:before="60" w:after="60"/><w:jc w:val="{align}"/></w:pPr>'
        f'<w:r>{run}<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
    )
