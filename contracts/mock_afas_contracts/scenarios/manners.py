"""Manners on the line: what AFAS asks of every call, whether or not a mistake is punished."""

from __future__ import annotations

from hypothesis import strategies as st

from mock_afas_contracts.contract import contract
from mock_afas_contracts.story import Story


@contract(
    id="manners/integration-id",
    sentence="Every call says which integration it is from, in the header IntegrationId.",
    severity="should",
    evidence="documented: every partner must send it",
    operations=("connect", "read"),
    examples=0.5,
)
def integration_id(story: Story) -> None:
    story.succeed("connect")
    story.succeed("read", connector=story.draw(st.sampled_from(["Zenvoices_Currencies", "Zenvoices_Countries"])))
    wanted = story.afas.connection.integration_id
    silent = [f"{call.method} {call.path}" for call in story.traffic() if call.header("IntegrationId") != wanted]
    story.check(not silent, "every call has the header IntegrationId", wanted=wanted, without=silent[:10])
