from tests.support import Afas


def test_every_connector_reads(afas: Afas) -> None:
    listed = [connector["id"] for connector in afas.get("metainfo").json()["getConnectors"]]
    assert len(listed) == 46
    for connector in listed:
        assert afas.rows(connector, skip="-1", take="-1") or connector == "Profit_Subject_Attachments", connector
