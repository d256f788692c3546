"""Finding AFAS: tokens and administrations."""

from __future__ import annotations

from hypothesis import strategies as st

from mock_afas_contracts import strategies
from mock_afas_contracts.contract import contract
from mock_afas_contracts.story import Story


@contract(
    id="connect/administrations",
    sentence="Connecting gives every administration with its name, whatever kind of environment it is.",
    severity="must",
    evidence="documented: an environment holds several administrations; each kind has its own hosts",
    operations=("connect",),
    examples=0.7,
)
def administrations(story: Story) -> None:
    kind = story.draw(st.sampled_from(["O", "T", "A"]))
    if kind != "O":
        story.environment(type=kind)
    names = story.draw(st.lists(strategies.descriptions, max_size=3))
    if names:
        story.put_data(
            "administrations",
            [{"administration": 11 + at, "name": name, "currency": "EUR"} for at, name in enumerate(names)],
        )
    wanted = {str(row["administration"]): row["name"] for row in story.data("administrations")}
    told = story.succeed("connect")["administrations"]
    given = {str(one["id"]): one["name"] for one in told}
    story.check(len(told) == len(given), "each administration is given once", told=told)
    story.check(given == wanted, "every administration is given with its name", wanted=wanted, told=given)
