"""What dossier items make of the books: items, destinations, numbers, attachments and files."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_afas.errors import ProfitError
from mock_afas.ledger.book import Cell, Result, Row
from tests.dossier import FILE, INVOICE, NOTE, NOW, PNG, SUPPLIER, Body, Shelf, fresh, write


@pytest.fixture
def books() -> Shelf:
    return fresh()


# ---------------------------------------------------------------- consequences


def row(books: Shelf, subject_id: int = 10022) -> Row:
    found = books.find("subjects", subject_id)
    assert found is not None
    return found


LINK_COLUMNS = (
    "destination_type",
    "destination",
    "destination_administration",
    "destination_invoice",
    "organisation_id",
)


def linked_to(books: Shelf, subject_id: int = 10022) -> tuple[Cell, ...]:
    """Type, code, administration and invoice of the destination; organisation."""
    found = row(books, subject_id)
    return tuple(found.get(name) for name in LINK_COLUMNS)


def test_a_new_item_has_what_it_was_given_and_defaults(books: Shelf) -> None:
    write(books, "insert", {**NOTE, "SbTx": "Één", "EmId": "FLOORA", "FvF1": "104", "FvF3": 111, "SbBl": True})
    assert row(books) == {
        "subject_id": 10022,
        "subject_type": 4,
        "description": "Terugbellen",
        "note": "Één",
        "number": None,
        "submitted": NOW,
        "sender": "12345.zenvoices",
        "responsible": "FLOORA",
        "feature_1": 104,
        "feature_3": 111,
        "completed": 0,
        "status": "B",
        "blocked": 1,
    }


def test_a_new_item_can_say_who_sent_it_when_and_that_it_is_done(books: Shelf) -> None:
    write(books, "insert", {**NOTE, "UsId": "ALLARDJ", "Da": "2019-03-01T10:00:00", "St": "true"})
    expected = {"sender": "ALLARDJ", "submitted": "2019-03-01T10:00:00.000000", "completed": 1, "status": "A"}
    assert expected.items() <= row(books).items()


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([INVOICE], (11, "50013", 1, "PUR000232", "1000032")),
        ([{**INVOICE, "BcId": "1000744"}], (11, "50013", 1, "PUR000232", "1000744")),
        ([{"SfTp": "11", "PiUn": 1, "PiId": "pur000232"}], (11, "50013", 1, "PUR000232", "1000032")),
        ([{"PiId": "PUR000232"}], (11, "50013", 1, "PUR000232", "1000032")),
        ([{"SiUn": 1, "SiId": "V0002407"}], (4, "10044", 1, "V0002407", "1000113")),
        ([{"SfTp": "3", "BcId": "1000017"}], (3, "1000017", None, None, "1000017")),
        ([{"SfTp": "11", "BcId": "1000017"}], (11, "50003", None, None, "1000017")),
        ([{"ToSR": 1, "ToPR": 1, "SfId": "50003"}], (11, "50003", None, None, "1000017")),
        ([{"SfTp": "2", "SfId": "allardj"}], (2, "ALLARDJ", None, None, None)),
        ([{"SfTp": "2", "DvSn": 1}], (2, None, None, None, None)),
        ([{"BcId": "1000744"}, {"SfTp": "17", "SfId": "000256"}], (17, "000256", None, None, "1000744")),
    ],
)
def test_links_become_the_destination(books: Shelf, links: Any, expected: tuple[Cell, ...]) -> None:
    write(books, "insert", NOTE, links)
    assert linked_to(books) == expected


@pytest.mark.parametrize(
    ("link", "employer"), [({"SfTp": "10", "SfId": "1"}, 1), ({**SUPPLIER, "ToEr": True}, 1), (SUPPLIER, 0)]
)
def test_a_link_to_an_employer_shows(books: Shelf, link: Body, employer: int) -> None:
    write(books, "insert", NOTE, [link])
    assert row(books)["to_employer"] == employer


@pytest.mark.parametrize("link", [{"@Action": "delete", "Fields": {}}, {"SfTp": "", "SfId": ""}])
def test_a_link_can_be_taken_away(books: Shelf, link: Body) -> None:
    write(books, "update", {"SbId": 9910}, [link])
    assert linked_to(books, 9910) == (None,) * 5


def test_a_change_leaves_alone_what_it_does_not_name(books: Shelf) -> None:
    before = row(books, 9937)
    write(books, "update", {"SbId": "9937", "FvF1": "", "St": "1", "SbTx": ""})
    changed = {"feature_1": None, "completed": 1, "status": "A", "note": None}
    assert row(books, 9937) == {**before, **changed}
    write(books, "update", {"SbId": "9937", "St": "", "SbBl": ""})
    assert row(books, 9937) == {**before, **changed, "completed": 0, "status": "B", "blocked": 0}


def test_a_change_of_destination_keeps_its_kind(books: Shelf) -> None:
    write(books, "update", {"SbId": 9910}, [{"SfId": "10079"}])
    assert linked_to(books, 9910) == (4, "10079", None, None, "1000203")


def test_types_that_number_their_items_remember_the_last_number(books: Shelf) -> None:
    write(books, "insert", {**NOTE, "StId": 15})
    write(books, "insert", {**NOTE, "StId": 15})
    write(books, "update", {"SbId": 9910, "StId": 15})
    write(books, "update", {"SbId": 9937, "StId": 15})
    write(books, "update", {"SbId": 10004, "StId": 4})
    numbers = [row(books, subject_id)["number"] for subject_id in (10022, 10023, 9910, 9937, 10004)]
    assert numbers == [119, 120, 121, 101, None]
    assert (books.find("subject_types", 15) or {})["last_number"] == 121


# ---------------------------------------------------------------- attachments


def attached(books: Shelf, subject_id: int) -> list[tuple[Cell, Cell]]:
    """Names and contents of the files of an item."""
    rows = books.where("attachments", subject_id=subject_id)
    files = [(each, books.find("files", each["file_id"])) for each in rows]
    return [(each["file_name"], file["content"]) for each, file in files if file]


@given(st.lists(st.tuples(st.sampled_from(("a.pdf", "a.PDF", "ü/x", ".")), st.binary(min_size=1)), max_size=4))
def test_attachments_come_back_byte_for_byte(contents: list[tuple[str, bytes]]) -> None:
    books = fresh()
    files = [{"FileName": name, "FileStream": base64.b64encode(content).decode()} for name, content in contents]
    write(books, "insert", NOTE, None, files)
    assert attached(books, 10022) == contents
    assert len(books.tables["files"]) == len(contents)


def test_every_way_to_attach_adds_to_what_is_there(books: Shelf) -> None:
    broken = base64.encodebytes(bytes(200)).decode()
    write(books, "insert", {**NOTE, "SbPa": "a", "FileStream": PNG}, None, [{"FileName": "b", "FileStream": broken}])
    write(books, "update", {"SbId": 10022}, None, [{**FILE, "FileName": "c"}])
    write(books, "attach", {"SbId": 10022, "Ds": "Anders"}, [SUPPLIER], [{**FILE, "FileName": "d"}])
    assert [name for name, _ in attached(books, 10022)] == ["a", "b", "c", "d"]
    assert attached(books, 10022)[1] == ("b", bytes(200))
    assert (row(books)["description"], row(books).get("destination")) == ("Anders", None)


def test_the_same_calls_give_the_same_file_ids(books: Shelf) -> None:
    other = Shelf(books.tables)
    for shelf in (books, other):
        write(shelf, "insert", NOTE, None, [FILE, FILE])
    ids = [str(file["file_id"]) for file in books.where("files")]
    assert ids == [file["file_id"] for file in other.where("files")]
    assert len(set(ids)) == 2
    assert all(len(file_id) == 32 and set(file_id) <= set("0123456789ABCDEF") for file_id in ids)


def test_an_attachment_can_be_deleted_by_its_file_id(books: Shelf) -> None:
    write(books, "insert", NOTE, None, [FILE, {**FILE, "FileName": "b.png"}])
    first = books.where("attachments")[0]["file_id"]
    write(books, "update", {"SbId": 10022}, None, [{"@Action": "delete", "Fields": {"FileId": first}}])
    assert [name for name, _ in attached(books, 10022)] == ["b.png"]
    assert len(books.tables["files"]) == 1


@pytest.mark.parametrize(("named", "name"), [({}, "example.png"), ({"FileName": "c.png"}, "c.png")])
def test_a_file_that_is_there_is_attached_by_its_id(books: Shelf, named: Body, name: str) -> None:
    """As a copy: what is deleted of one item stays with the other."""
    write(books, "insert", NOTE, None, [{**FILE, "FileName": "example.png"}])
    first = books.where("attachments")[0]["file_id"]
    write(books, "insert", NOTE, None, [{**named, "FileId": first}])
    write(books, "delete", {"SbId": "10022"})
    assert attached(books, 10023) == [(name, base64.b64decode(PNG))]
    with pytest.raises(ProfitError, match="attachment_content_missing"):
        write(books, "insert", NOTE, None, [{"FileName": "a", "FileId": first}])


def test_a_small_body_makes_no_gigabytes_of_copies(books: Shelf) -> None:
    large = base64.b64encode(bytes(2**20)).decode()
    write(books, "insert", NOTE, None, [{"FileName": "large", "FileStream": large}])
    first = books.where("attachments")[0]["file_id"]
    write(books, "insert", NOTE, None, [{"FileId": first}] * 75)
    with pytest.raises(ProfitError, match="attachment_too_large"):
        write(books, "insert", NOTE, None, [{"FileId": first}] * 76)


def test_a_deleted_item_takes_its_attachments_along(books: Shelf) -> None:
    write(books, "insert", NOTE, None, [FILE])
    write(books, "attach", {"SbId": 9910}, None, [FILE, FILE])
    assert write(books, "delete", {"SbId": "9910"}) == Result("KnSubject", None)
    assert books.find("subjects", 9910) is None
    assert len(books.tables["attachments"]) == len(books.tables["files"]) == 1
    assert attached(books, 10022) == [("a.png", base64.b64decode(PNG))]
