"""Bodies of UpdateConnectors that the tests book with; the demo environment accepts each as it stands."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


def line(kind: str, account: str, *, debit: str = "0", credit: str = "0", **more: Any) -> Body:
    """One line of an entry, dated in January 2024; ``more`` are fields beside those that every line has."""
    fields = {"VaAs": kind, "AcNr": account, "EnDa": "2024-01-15", "BpDa": "2024-01-15", "AmDe": debit, "AmCr": credit}
    return {"Fields": {**fields, **more}}


def entry(*lines: Body, journal: str = "10", year: str = "2024", period: str = "1", **more: Any) -> Body:
    """A booking of these lines."""
    fields = {"Year": year, "Peri": period, "UnId": "1", "JoCo": journal, **more}
    return {"FiEntryPar": {"Element": {"Fields": fields, "Objects": {"FiEntries": {"Element": [*lines]}}}}}


def purchase(invoice: str, *, creditor: str = "50013", **header: Any) -> Body:
    """A purchase invoice of 121.00 with VAT."""
    return entry(
        line("3", creditor, credit="121", InId=invoice, BpNr="F-1"),
        line("1", "4510", debit="100", VaId="5"),
        line("1", "1500", debit="21", VaId="5"),
        **header,
    )


def supplier(name: str = "Jansen", **fields: Any) -> Body:
    """A new supplier that numbers itself."""
    address = {
        "PbAd": False,
        "Ad": "Storkstraat",
        "HmNr": "105",
        "ZpCd": "3833LC",
        "CoId": "NL",
        "Rs": "Leusden",
        "ResZip": False,
    }
    organisation = {
        "Fields": {"PadAdr": True, "AutoNum": True, "MatchOga": "6", "Nm": name},
        "Objects": {"KnBasicAddressAdr": {"Element": {"Fields": address}}},
    }
    element = {"Fields": {"CuId": "EUR", **fields}, "Objects": {"KnOrganisation": {"Element": organisation}}}
    return {"KnPurchaseRelationOrg": {"Element": element}}


def dossier_item(content: str = "aGFsbG8=", invoice: str = "PUR000232", creditor: str = "50013") -> Body:
    """A dossier item with a file, linked to a purchase invoice."""
    link = {"SfTp": "11", "SfId": creditor, "PiUn": "1", "PiTp": "1", "PiId": invoice}
    objects = {
        "KnSubjectLink": {"Element": {"Fields": link}},
        "KnSubjectAttachment": {"Element": {"Fields": {"FileName": "factuur.pdf", "FileStream": content}}},
    }
    return {"KnSubject": {"Element": {"Fields": {"StId": "-5", "Ds": "Factuur"}, "Objects": objects}}}
