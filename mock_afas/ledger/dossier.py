"""Dossier items (KnSubject): their rules, and what they make of items, attachments and files.

Source: AFAS' page on KnSubject and the example bodies there. What a document says beside that and the demo
environment cannot know (action type, source, cause, "with regard to", profile, workflow, a type's own object) is
accepted and not checked, as the examples ask.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mock_afas import connectors, values
from mock_afas.documents import KeysNode, Node, decoded
from mock_afas.ledger.book import Cell, Draft, Result, Row, refuse
from mock_afas.ledger.destination import UNLINKED, check_stays_allowed, linked

ROOT, LINK, ATTACHMENT = "KnSubject", "KnSubjectLink", "KnSubjectAttachment"
#: The one type of AFAS' own that can be written: purchase invoice.
PURCHASE_INVOICE = -5
#: The column holds no more characters, and ProfitSubjects shows no more.
LONGEST_NOTE = 20_000
#: Above this a number given to an item would leave none for those that come after.
HIGHEST_GIVEN_ID = 1_000_000_000

#: The columns that fields fill as they stand; people have a rule of their own.
_COLUMNS: Mapping[str, str] = {
    "StId": "subject_type",
    "Ds": "description",
    "SbTx": "note",
    "Da": "submitted",
    "FvF1": "feature_1",
    "FvF2": "feature_2",
    "FvF3": "feature_3",
    "St": "completed",
    "SbBl": "blocked",
    "UsId": "sender",
    "EmId": "responsible",
}
_BOOLEANS = frozenset(("St", "SbBl"))
_FEATURES = ("FvF1", "FvF2", "FvF3")
#: See subject_status among the code tables.
_DONE, _UNDER_WAY = "A", "B"
#: A type whose items are changed no more once they are there (edit_mode among the code tables).
_READ_ONLY = "2"


@dataclass(frozen=True, slots=True)
class _Item:
    """A dossier item that is being written. ``stored`` is what it was, empty for a new one; ``kind`` is its type."""

    node: Node
    draft: Draft
    subject_id: int
    stored: Row
    kind: Row

    def touches(self, *fields: str) -> bool:
        """Whether the document decides on any of the fields: it names them, or the type that rules them."""
        return not self.stored or any(field in self.node.fields for field in ("StId", *fields))


class _File(NamedTuple):
    name: str
    content: bytes


def post(node: Node, draft: Draft) -> Result:
    """Adds a dossier item. Raises ProfitError."""
    kind = _type(node, draft)
    return _write(_Item(node, draft, _new_id(node, draft), {}, kind), node.below(LINK))


def put(node: Node, draft: Draft) -> Result:
    """Changes the fields of a dossier item that ``node`` names, and adds attachments. Raises ProfitError."""
    return _write(_existing(node, draft), node.below(LINK))


def post_attachment(node: Node, draft: Draft) -> Result:
    """Adds attachments to a dossier item, whose own fields may change; links are left alone. Raises ProfitError."""
    item = _existing(node, draft)
    if not node.below(ATTACHMENT):
        refuse("attachment_absent", node, allowed=ATTACHMENT)
    return _write(item, ())


def delete(keys: Mapping[str, str], draft: Draft) -> Result:
    """Removes the dossier item with the key ``SbId``, its attachments and their files. Raises ProfitError."""
    item = _of_keys(keys, draft)
    for attachment in draft.where("attachments", subject_id=item.subject_id):
        _detach(draft, attachment)
    draft.remove("subjects", (item.subject_id,))
    return Result(ROOT, None)


def delete_attachment(keys: Mapping[str, str], draft: Draft) -> Result:
    """Removes the attachment ``FileId`` of the dossier item ``SbId`` (our reading of its keys). Raises ProfitError."""
    item = _of_keys(keys, draft)
    definition = next(part for part in item.node.definition.objects if part.name == ATTACHMENT)
    _detach(draft, _attachment(item, KeysNode(definition, {"FileId": keys.get("FileId", "")})))
    return Result(ROOT, None)


def delete_link(keys: Mapping[str, str], draft: Draft) -> Result:
    """Takes the destination from the dossier item ``SbId``. Raises ProfitError."""
    item = _of_keys(keys, draft)
    draft.change("subjects", (item.subject_id,), {"subject_id": item.subject_id, **UNLINKED})
    return Result(ROOT, None)


def _of_keys(keys: Mapping[str, str], draft: Draft) -> _Item:
    """The dossier item that the keys in a URL name."""
    node = KeysNode(connectors.update_connector(ROOT).root, {})
    written = keys.get("SbId", "")
    if written:
        node.fields["SbId"] = _as_number(written)
    return _existing(node, draft, written=written)


def _write(item: _Item, links: Sequence[Node]) -> Result:
    """Checks everything, then drafts the item with its attachments."""
    row: dict[str, Cell] = {"subject_id": item.subject_id, **_fields(item)}
    for rule in _RULES:
        rule(item, {**item.stored, **row})
    row |= linked(links, item.kind, item.stored, item.draft)
    files = _files(item)
    row |= _numbered(item)
    save = item.draft.change if item.stored else item.draft.insert
    save("subjects", (item.subject_id,), row)
    for file in files:
        _attach(item, file)
    return Result(ROOT, {"SbId": str(item.subject_id)})


# ---------------------------------------------------------------- which item, which type


def _new_id(node: Node, draft: Draft) -> int:
    """The number of a new item: the next one, or the one given if it is free (our reading)."""
    given = node.number("SbId")
    if given is None:
        return draft.next_number("subjects", "subject_id")
    if not 1 <= given <= HIGHEST_GIVEN_ID:
        refuse("subject_id_invalid", node, "SbId", allowed=f"1 to {HIGHEST_GIVEN_ID}, or none")
    if draft.find("subjects", given) is not None:
        refuse("subject_id_taken", node, "SbId", allowed="a number that is free, or none")
    return given


def _as_number(written: str) -> int:
    """A number from a URL; 0, which no item has, when it is none."""
    try:
        number = values.parse_integer(written)
    except values.NotAValue:
        return 0
    return number if number in values.INT64 else 0


def _existing(node: Node, draft: Draft, *, written: str = "") -> _Item:
    """The item that a document is about. ``written`` is its number as it came, when that was no number."""
    number = node.number("SbId")
    if number is None:
        refuse("subject_id_missing", node, "SbId", allowed="the number of a dossier item")
    stored = draft.find("subjects", number)
    if stored is None:
        refuse("subject_unknown", node, "SbId", value=written or number, allowed="the number of a dossier item")
    now = draft.find("subject_types", stored.get("subject_type")) or {}
    if now.get("edit_mode") == _READ_ONLY:
        allowed = "an item of a type that can be changed"
        refuse("subject_read_only", node, "SbId", allowed=allowed, subject=str(number))
    return _Item(node, draft, number, stored, _type(node, draft) if "StId" in node.fields else now)


def _type(node: Node, draft: Draft) -> Row:
    """The type that StId names: a user's own, or -5 for a purchase invoice; those are the documented ones."""
    number = node.number("StId")
    if number is None:
        refuse("subject_type_missing", node, "StId", allowed="the number of a type of dossier item")
    if number < 1 and number != PURCHASE_INVOICE:
        allowed = f"a type above 0, or {PURCHASE_INVOICE}"
        refuse("subject_type_not_own", node, "StId", allowed=allowed, type=str(number))
    kind = draft.find("subject_types", number)
    if kind is None:
        refuse("subject_type_unknown", node, "StId", allowed="one of subject_types")
    return kind


# ---------------------------------------------------------------- columns


def _fields(item: _Item) -> dict[str, Cell]:
    """The columns of the fields that the document names; a new item has defaults for the others."""
    columns: dict[str, Cell] = {}
    for field, column in _COLUMNS.items():
        value = item.node.fields.get(field)
        if value is None and (not item.stored or field not in item.node.fields):
            continue
        if isinstance(value, bytes):
            value = value.decode()
        columns[column] = 0 if value is None and field in _BOOLEANS else value
    if item.stored:
        return columns | _status(columns)
    circumstances = item.draft.circumstances
    defaults: dict[str, Cell] = {
        "submitted": circumstances.now,
        "sender": circumstances.user,
        "completed": 0,
        "blocked": 0,
    }
    return defaults | columns | _status(defaults | columns)


def _status(columns: Mapping[str, Cell]) -> dict[str, Cell]:
    """St decides the status: done, or under way."""
    return {"status": _DONE if columns["completed"] else _UNDER_WAY} if "completed" in columns else {}


def _numbered(item: _Item) -> dict[str, Cell]:
    """The item's own number within a type that numbers its items; the type remembers the last one."""
    kind = item.kind
    if item.stored and item.stored.get("subject_type") == kind.get("subject_type"):
        return {}
    if not kind.get("use_number"):
        return {"number": None}
    last = kind.get("last_number")
    number = (last if isinstance(last, int) else 0) + 1
    key = kind["subject_type"]
    item.draft.change("subject_types", (key,), {"subject_type": key, "last_number": number})
    return {"number": number}


# ---------------------------------------------------------------- rules


def _description_given(item: _Item, row: Row) -> None:
    if item.touches("Ds") and not row.get("description"):
        refuse("subject_description_missing", item.node, "Ds", allowed="a text")


def _note_fits(item: _Item, row: Row) -> None:
    note = str(row.get("note") or "")
    if "SbTx" in item.node.fields and len(note) > LONGEST_NOTE:
        allowed = f"at most {LONGEST_NOTE} characters"
        refuse("subject_note_too_long", item.node, "SbTx", value=note[:200], allowed=allowed)


def _sender_known(item: _Item, _row: Row) -> None:
    """The sender is a user, an employee, or an organisation or person (our reading)."""
    sender = item.node.text("UsId")
    known = sender and any(item.draft.find(entity, sender) for entity in ("employees", "organisations"))
    if sender and not known and not _is_user(item, sender):
        refuse("subject_sender_unknown", item.node, "UsId", allowed="a user, employee, organisation or person")


def _is_user(item: _Item, name: str) -> bool:
    """Whether a user is called ``name``, which may have the participant number in front, as the caller's own has."""
    number, point, _ = item.draft.circumstances.user.partition(".")
    names = (name, name.removeprefix(number + point)) if point else (name,)
    return any(item.draft.find("users", each) is not None for each in names)


def _responsible_known(item: _Item, _row: Row) -> None:
    """AFAS' examples give employees, some of which are users of the same name."""
    responsible = item.node.text("EmId")
    if responsible is None or _is_user(item, responsible):
        return
    employee = item.draft.find("employees", responsible)
    if employee is None or employee.get("applicant"):
        refuse("subject_responsible_unknown", item.node, "EmId", allowed="an employee or a user")


def _responsible_given(item: _Item, row: Row) -> None:
    if item.touches("EmId") and item.kind.get("responsible_mandatory") and not row.get("responsible"):
        refuse("subject_responsible_missing", item.node, "EmId", allowed="an employee or a user")


def _features_known(item: _Item, _row: Row) -> None:
    for field in _FEATURES:
        value = item.node.number(field)
        if value is not None and item.draft.find("codes", "feature_value", str(value)) is None:
            refuse("subject_feature_unknown", item.node, field, allowed="a feature_value among the codes")


def _features_given(item: _Item, row: Row) -> None:
    """A type that uses features may ask for one: "Dossieritems zonder kenmerken toegestaan" is off."""
    asks = item.kind.get("use_features") and not item.kind.get("without_feature")
    if asks and item.touches(*_FEATURES) and all(row.get(_COLUMNS[field]) is None for field in _FEATURES):
        refuse("subject_feature_missing", item.node, "FvF1", allowed="a feature_value among the codes")


def _destination_stays(item: _Item, _row: Row) -> None:
    if "StId" in item.node.fields and not item.node.below(LINK):
        check_stays_allowed(item.node, item.kind, item.stored)


_RULES: Sequence[Callable[[_Item, Row], None]] = (
    _description_given,
    _note_fits,
    _sender_known,
    _responsible_known,
    _responsible_given,
    _features_known,
    _features_given,
    _destination_stays,
)


# ---------------------------------------------------------------- attachments

#: So many MB a body has at most. Copies of files that are there do not make more of it.
_MOST_TOGETHER = "75"


def _files(item: _Item) -> list[_File]:
    """The files that a document attaches: by SbPa and FileStream of the item itself, and by its attachments.

    SbPa alone names a file that stays where it is, unless FileTrans says to save it (our reading).
    """
    node = item.node
    parts = [(part, "FileName") for part in node.below(ATTACHMENT)]
    if node.fields.get("FileStream") or (node.fields.get("SbPa") and node.number("FileTrans")):
        parts.insert(0, (node, "SbPa"))
    for part, _ in parts:
        if not item.kind.get("link_file"):
            refuse("attachment_not_allowed", part, allowed="a type of dossier item that takes files")
        if part is not node and part.action == "delete":
            _detach(item.draft, _attachment(item, part))
    files: list[_File] = []
    together = 0
    for part, name in parts:
        if part is node or part.action != "delete":
            file = _file(part, name, item.draft)
            together += len(file.content)
            _size_allowed(part, file, len(file.content), item.draft.circumstances.attachment_size)
            _size_allowed(part, file, together, _MOST_TOGETHER)
            files.append(file)
    return files


def _size_allowed(part: Node, file: _File, size: int, most: str) -> None:
    """A file of any size, unless the environment has a limit (our reading; its text too)."""
    if most != "unlimited" and size > int(most) * 2**20:
        shown, allowed = f"{size} bytes", f"{most} MB"
        refuse("attachment_too_large", part, "FileStream", value=shown, allowed=allowed, file=file.name, most=most)


def _file(part: Node, name_field: str, draft: Draft) -> _File:
    """A file of any type; names need not differ.

    Without its content, FileId names a file in the books, of which this is a copy (our reading).
    """
    written, known = part.fields.get("FileStream"), None
    if not written and part.text("FileId"):
        known = draft.find("files", part.text("FileId"))
    name = part.text(name_field) or (None if known is None else str(known["file_name"]))
    if name is None or not name.strip():
        refuse("attachment_name_missing", part, name_field, allowed="the name of the file")
    if known is not None and isinstance(known["content"], bytes):
        return _File(name, known["content"])
    if not isinstance(written, bytes) or not written.strip():
        refuse("attachment_content_missing", part, "FileStream", value="", allowed="the file in base64")
    content = decoded(written)
    if content is None:
        shown = written[:200].decode(errors="replace")
        refuse("attachment_content_invalid", part, "FileStream", value=shown, allowed="the file in base64")
    return _File(name, content)


def _attachment(item: _Item, part: Node) -> Row:
    """The attachment of the item that ``part`` wants deleted, by its FileId (our reading)."""
    file_id = part.text("FileId") or ""
    found = item.draft.where("attachments", subject_id=item.subject_id, file_id=file_id)
    if not found:
        refuse("attachment_unknown", part, "FileId", allowed="the FileId of an attachment of this item")
    return found[0]


def _attach(item: _Item, file: _File) -> None:
    """Drafts an attachment and its file. The same calls give the same file ids: 32 hex digits in capitals."""
    number = item.draft.next_number("attachments", "attachment_id")
    source = f"{item.subject_id}/{number}/{file.name}".encode()
    file_id = hashlib.sha256(source).hexdigest()[:32].upper()
    item.draft.insert("files", (file_id,), {"file_id": file_id, "file_name": file.name, "content": file.content})
    attachment: dict[str, Cell] = {"attachment_id": number, "subject_id": item.subject_id}
    item.draft.insert("attachments", (number,), attachment | {"file_id": file_id, "file_name": file.name})


def _detach(draft: Draft, attachment: Row) -> None:
    """Drafts away an attachment with its file, which no other attachment has."""
    draft.remove("attachments", (attachment["attachment_id"],))
    draft.remove("files", (attachment["file_id"],))
