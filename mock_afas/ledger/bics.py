"""Which bank a Dutch IBAN belongs to: the four letters after its check digits, and the BIC of that bank."""

from __future__ import annotations

_DUTCH = {
    "ABNA": "ABNANL2A",
    "ADYB": "ADYBNL2A",
    "AEGO": "AEGONL2U",
    "ARBN": "ARBNNL22",
    "ARSN": "ARSNNL21",
    "ASNB": "ASNBNL21",
    "BARC": "BARCNL22",
    "BITS": "BITSNL2A",
    "BNGH": "BNGHNL2G",
    "BNPA": "BNPANL2A",
    "BUNQ": "BUNQNL2A",
    "BUUT": "BUUTNL2A",
    "CITI": "CITINL2X",
    "COBA": "COBANL2X",
    "DEUT": "DEUTNL2A",
    "DHBN": "DHBNNL2R",
    "FNOM": "FNOMNL22",
    "FVLB": "FVLBNL22",
    "GILL": "GILLNL2A",
    "HAND": "HANDNL2A",
    "HSBC": "HSBCNL2A",
    "INGB": "INGBNL2A",
    "INSI": "INSINL2A",
    "ISBK": "ISBKNL2A",
    "KABA": "KABANL2A",
    "KNAB": "KNABNL2H",
    "LOYD": "LOYDNL2A",
    "MHCB": "MHCBNL2A",
    "MODR": "MODRNL22",
    "NNBA": "NNBANL2G",
    "NTSB": "NTSBNL2A",
    "NWAB": "NWABNL2G",
    "RABO": "RABONL2U",
    "RBRB": "RBRBNL21",
    "REVO": "REVONL22",
    "SNSB": "SNSBNL2A",
    "TRIO": "TRIONL2U",
    "UGBI": "UGBINL2A",
    "VOWA": "VOWANL21",
    "ZWLB": "ZWLBNL21",
}


def bic_of(iban: str) -> str | None:
    """The BIC of the bank of an IBAN; None outside the Netherlands and for a bank that is not in the table."""
    return _DUTCH.get(iban[4:8]) if iban.startswith("NL") else None
