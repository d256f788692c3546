"""Documents: they arrive as they are, at the right invoice, or the user is told that they did not."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

from mock_afas_contracts import checks, strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.driver import Failed
from mock_afas_contracts.observed import Row
from mock_afas_contracts.story import Story
from mock_afas_contracts.strategies import small_purchase, small_sale

#: Types of files that integrations for invoices attach.
ALLOWED = (
    *("pdf", "xls", "xlsx", "doc", "docx", "dxf", "mpp", "ods", "odt", "msg", "ppt", "pptx", "vsd", "vsdx", "xps"),
    *("jpg", "jpeg", "png", "gif", "bmp"),
)
#: Names of files that they do not.
REFUSED = ("factuur.exe", "factuur.pdf.exe", "factuur.html", "factuur.zip", "factuur", "pdf", "factuur.xml", "a.pdf.")
_HELLO = "SGFsbG8="
_BOOKED = ("administration", "supplier_id", "invoice_number")


def _document(content: bytes = b"Hallo", file_name: str = "factuur.pdf") -> Row:
    return {"file_name": file_name, "content_base64": base64.b64encode(content).decode()}


def _which(invoice: Row) -> Row:
    return {name: invoice[name] for name in _BOOKED}


def attached(story: Story) -> list[Row]:
    """Every document of the story: its name, its content in base64, and the row of its dossier item."""
    files = {row["file_id"]: row["content"] for row in story.data("files")}
    return [
        {"file_name": one["file_name"], "content_base64": files[one["file_id"]], "subject": subject}
        for subject in story.changes().subjects
        for one in subject["attachments"]
    ]


def _attached_once(story: Story, document: Row) -> Row:
    """The one document of the story is this one, byte by byte. Gives its dossier item."""
    found = attached(story)
    story.check(len(found) == 1, "the document is attached once", times=len(found))
    same = base64.b64decode(found[0]["content_base64"]) == base64.b64decode(document["content_base64"])
    sizes = {name: len(base64.b64decode(one["content_base64"])) for name, one in _pair(document, found[0])}
    story.check(same, "every byte of the document arrives as it is", **sizes)
    wanted, got = document["file_name"], found[0]["file_name"]
    story.check(got == wanted, "the document keeps its name", wanted=wanted, got=got)
    subject: Row = found[0]["subject"]
    return subject


def _pair(wanted: Row, got: Row) -> tuple[tuple[str, Row], tuple[str, Row]]:
    return ("bytes given", wanted), ("bytes attached", got)


def _place(subject: Row) -> list[Any]:
    """Where a dossier item belongs: kind of destination, relation, administration, invoice."""
    names = ("destination_type", "destination", "destination_administration", "destination_invoice")
    return [subject[name] for name in names]


# ---------------------------------------------------------------- what arrives


#: Bytes that text, line ends, base64 and C strings spoil.
_BYTES = (
    b"\xfb\xef\xbe\xff",
    b"a\r\nb\nc\r",
    b"\x00\x01\x00",
    b"\xef\xbb\xbf%PDF",
    b"\xff\xd8\xff\xe0",
    b"\xc3\xa9\xe9",
)
_contents = st.one_of(st.sampled_from(_BYTES), st.binary(min_size=1, max_size=2_000)).map(
    lambda content: base64.b64encode(content).decode()
)


@contract(
    id="documents/bytes-unchanged",
    sentence="A document that is booked with its invoice arrives byte by byte.",
    severity="must",
    evidence="documented: FileStream is the file in base64, which is given back as it is",
    operations=("book_purchase_invoice",),
)
def bytes_unchanged(story: Story) -> None:
    document = {"file_name": "factuur.pdf", "content_base64": story.draw(_contents)}
    story.succeed("book_purchase_invoice", **small_purchase(), document=document)
    _attached_once(story, document)


@contract(
    id="documents/attached-later",
    sentence="A document that is attached to an invoice later arrives byte by byte.",
    severity="must",
    evidence="documented: a dossier item can be added to an invoice that is there",
    operations=("book_purchase_invoice", "attach_document"),
    examples=0.5,
)
def attached_later(story: Story) -> None:
    document = {"file_name": "factuur.pdf", "content_base64": story.draw(_contents)}
    invoice = small_purchase()
    story.succeed("book_purchase_invoice", **invoice)
    story.succeed("attach_document", **_which(invoice), **document)
    _attached_once(story, document)


@contract(
    id="documents/file-name",
    sentence="A document keeps its name, whatever characters are in it.",
    severity="should",
    evidence="documented: FileName is text of 255 characters, in UTF-8",
    operations=("book_purchase_invoice",),
    examples=0.5,
)
def file_name(story: Story) -> None:
    names = [
        "Factuur 2026-11 (kopie).pdf",
        "FACTUUR.PDF",
        "naïef & co, nr. 7.pdf",
        "請求書.pdf",
        "100% + 'bon'; 1.jpg",
        "🏢.png",
    ]
    document = _document(file_name=story.draw(st.sampled_from(names)))
    story.succeed("book_purchase_invoice", **small_purchase(), document=document)
    _attached_once(story, document)


# ---------------------------------------------------------------- types and sizes


@contract(
    id="documents/allowed-types",
    sentence="Documents of the types that integrations use are attached, and files of any other type are not.",
    severity="should",
    evidence="quoted: an integration's list of types. AFAS itself takes any file, also one that does harm when opened",
    operations=("book_purchase_invoice", "attach_document"),
)
def allowed_types(story: Story) -> None:
    refused, taken = story.draw(strategies.plan(st.sampled_from(REFUSED), st.sampled_from(ALLOWED)))
    invoice = small_purchase()
    story.succeed("book_purchase_invoice", **invoice)
    outcome = story.run("attach_document", **_which(invoice), file_name=refused, content_base64=_HELLO)
    story.check(isinstance(outcome, Failed), "the client does not attach a file of this type", file_name=refused)
    names = [one["file_name"] for one in attached(story)]
    story.check(not names, "a file of this type is not attached", attached=names)
    document = _document(file_name=f"factuur.{taken}")
    story.succeed("attach_document", **_which(invoice), **document)
    _attached_once(story, document)


_MOST = 10 * 2**20
#: Sizes in bytes. Whether 10 MB are 10,000,000 or 10,485,760 bytes is left open.
_SIZES = (2_000_000, 9_500_000, _MOST + 1)


@contract(
    id="documents/at-most-10-mb",
    sentence="Documents of up to 10 MB are attached, and larger ones are refused before they are sent.",
    severity="must",
    evidence="quoted: an integration attaches at most 10 MB. Documented: over 75 MB AFAS answers 413 without a word",
    operations=("book_purchase_invoice", "attach_document"),
    examples=len(_SIZES) / 12,
)
def at_most_10_mb(story: Story) -> None:
    size = story.draw(st.sampled_from(_SIZES))
    invoice = small_purchase()
    story.succeed("book_purchase_invoice", **invoice)
    document = _document(b"%PDF-1.7" + bytes(size - 8))
    if size <= _MOST:
        story.succeed("attach_document", **_which(invoice), **document)
        _attached_once(story, document)
        return
    outcome = story.run("attach_document", **_which(invoice), **document)
    story.check(isinstance(outcome, Failed), "the client refuses a document of more than 10 MB", size=size)
    sent = len(checks.posts(story.traffic(), "KnSubject"))
    story.check(not sent, "a document of more than 10 MB is not sent", times=sent)


# ---------------------------------------------------------------- where it is


@contract(
    id="documents/linked-to-the-invoice",
    sentence="Each document is a dossier item of its own invoice: of that administration, supplier and number.",
    severity="must",
    evidence="documented: a dossier item of type -5 is linked by destination 11, PiUn, PiTp and PiId",
    operations=("book_purchase_invoice", "attach_document"),
    examples=0.25,
)
def linked_to_the_invoice(story: Story) -> None:
    other = story.draw(st.sampled_from(strategies.OTHERS))
    invoices = [small_purchase(), {**small_purchase(), **other}]
    for invoice in invoices:
        story.succeed("book_purchase_invoice", **invoice)
    for at, invoice in enumerate(invoices):
        story.succeed("attach_document", **_which(invoice), **_document(file_name=f"factuur-{at}.pdf"))
    found = {one["file_name"]: _place(one["subject"]) for one in attached(story)}
    wanted = {
        f"factuur-{at}.pdf": [11, one["supplier_id"], one["administration"], one["invoice_number"]]
        for at, one in enumerate(invoices)
    }
    story.check(found == wanted, "each document is linked to its invoice", wanted=wanted, got=found)
    kinds = [one["subject"]["subject_type"] for one in attached(story)]
    story.check(kinds == [-5, -5], "it is a dossier item of the type for purchase invoices", types=kinds)


@contract(
    id="documents/dossier-item-told",
    sentence="The client tells the number of the dossier item that AFAS made, by which a user finds the document.",
    severity="should",
    evidence="documented: a POST answers with the keys of what it made. Sources differ on where they stand",
    operations=("book_purchase_invoice", "attach_document"),
    dialects=("results",),
    examples=0.2,
)
def dossier_item_told(story: Story) -> None:
    document = _document(file_name=story.draw(st.sampled_from(["factuur.pdf", "bon.jpg"])))
    invoice = small_purchase()
    story.succeed("book_purchase_invoice", **invoice)
    told = story.succeed("attach_document", **_which(invoice), **document)
    wanted, got = str(_attached_once(story, document)["subject_id"]), str(told["subject_id"])
    story.check(got == wanted, "the client tells the number of the dossier item", wanted=wanted, got=got)


@contract(
    id="documents/linked-to-the-sales-invoice",
    sentence="The document of a sales invoice is linked to that invoice.",
    severity="must",
    evidence="documented: destination 4 with SiUn, SiTp and SiId, not the names that link to purchases",
    operations=("book_sales_invoice",),
    examples=0.2,
)
def linked_to_the_sales_invoice(story: Story) -> None:
    invoice = small_sale(administration=story.draw(st.sampled_from([1, 2])))
    document = _document()
    story.succeed("book_sales_invoice", **invoice, document=document)
    got = _place(_attached_once(story, document))
    wanted = [4, invoice["customer_id"], invoice["administration"], invoice["invoice_number"]]
    story.check(got == wanted, "the document is linked to its invoice", wanted=wanted, got=got)


# ---------------------------------------------------------------- when it goes wrong

#: Invoices that AFAS refuses.
_WRONG: tuple[Row, ...] = (
    {"invoice_date": "2023-08-15"},
    {"lines": [{"account": "4998", "amount": "121.00"}]},
    {"supplier_id": "50050"},
)


@contract(
    id="documents/none-left-behind",
    sentence="No document is left in AFAS of an invoice that AFAS refused.",
    severity="must",
    evidence="documented: booking and dossier item are two calls, each a transaction of its own",
    operations=("book_purchase_invoice",),
    examples=len(_WRONG) / 12,
)
def none_left_behind(story: Story) -> None:
    invoice = small_purchase(**story.draw(st.sampled_from(_WRONG)))
    outcome = story.run("book_purchase_invoice", **invoice, document=_document())
    story.check(isinstance(outcome, Failed), "the client tells that AFAS refused the invoice", told=str(outcome))
    checks.not_booked(story, "supplier", invoice)
    left = [[one["file_name"], *_place(one["subject"])] for one in attached(story)]
    story.check(not left, "no document is left behind", documents=left)
    subjects = [row["subject_id"] for row in story.changes().subjects]
    story.check(not subjects, "no dossier item is left behind", subjects=subjects)


@contract(
    id="documents/failure-told",
    sentence="A document that AFAS refused, though the invoice is booked, is told of: the user has to attach it.",
    severity="must",
    evidence="documented: booking and dossier item are two calls, so one can work and the other fail",
    operations=("book_purchase_invoice",),
    faults=("error",),
    examples=0.25,
)
def failure_told(story: Story) -> None:
    message = story.draw(
        st.sampled_from(["Het dossier is vol.", "U bent niet geautoriseerd voor dit type dossieritem."])
    )
    invoice = small_purchase()
    story.fault("error", connector="KnSubject", method="POST", times=None, message=message)
    outcome = story.run("book_purchase_invoice", **invoice, document=_document())
    if not isinstance(outcome, Failed):
        story.fail("the client tells that the document is not attached", told=str(outcome))
    checks.refusal_passed_on(story, outcome)
    booked = story.changes().invoices_of("supplier", invoice["supplier_id"], invoice["invoice_number"])
    if booked:
        checks.booked_once(story, "supplier", invoice)
        honest = outcome.outcome == "unknown"
        story.check(honest, "the client does not say that nothing was changed: the invoice is booked")


@contract(
    id="documents/refusal-passed-on",
    sentence="A document for an invoice that is not there is refused, in AFAS' words, and not kept anywhere else.",
    severity="must",
    evidence="documented: PiId has to be an invoice of the supplier in the administration",
    operations=("book_purchase_invoice", "attach_document"),
    examples=0.25,
)
def refusal_passed_on(story: Story) -> None:
    other = story.draw(st.sampled_from(strategies.OTHERS))
    invoice = small_purchase()
    story.succeed("book_purchase_invoice", **invoice)
    outcome = story.run("attach_document", **{**_which(invoice), **other}, **_document())
    if not isinstance(outcome, Failed):
        story.fail("the client tells that there is no such invoice", told=str(outcome))
    subjects = [row["subject_id"] for row in story.changes().subjects]
    story.check(not subjects, "the document is not kept anywhere", subjects=subjects)
    if checks.posts(story.traffic(), "KnSubject"):
        checks.refusal_passed_on(story, outcome)
