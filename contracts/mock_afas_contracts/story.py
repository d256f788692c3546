"""A story: one example of a contract, told to one client in an environment of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from hypothesis import strategies as st

from mock_afas_contracts.draws import Draws
from mock_afas_contracts.driver import Client, Driver, Failed, Ok, Skipped
from mock_afas_contracts.observed import Books, Exchange, Row
from mock_afas_contracts.steps import Step, fault_words, operation_words, outcome_words, shortened
from mock_afas_contracts.target import NOW, Environment, Target


class CheckFailed(Exception):
    """Something that should hold does not. ``details`` says what was seen, as JSON."""

    def __init__(self, title: str, details: Mapping[str, Any]) -> None:
        super().__init__(title)
        self.title = title
        self.details = details


class NotTested(Exception):
    """The story cannot be told to this client, for the reason in the text."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What stories are told with: the client's driver, the mock, and whether the traffic of each step is noted."""

    driver: Driver
    target: Target
    #: Called before every step; raises what ends the search.
    pause: Callable[[], None] = lambda: None
    detailed: bool = False
    #: Only these features of the client are used; None are all it has.
    features: frozenset[str] | None = None


class Story:
    """What a contract's function is given. The client is started at its first operation."""

    def __init__(self, stage: Stage, draws: Draws, settings: Mapping[str, Any] | None = None) -> None:
        self._stage = stage
        self._draws = draws
        self._settings = dict(settings or {})
        self._environment: Environment | None = None
        self._client: Client | None = None
        self._told: dict[str, Any] = {}
        self._seen = 0
        self.drawn: list[Any] = []
        #: Which of ``drawn`` come from ``draw_list``.
        self.lists: list[int] = []
        self.steps: list[Step] = []

    # ------------------------------------------------------------ what varies

    def draw(self, strategy: st.SearchStrategy[Any]) -> Any:
        """A value that varies from story to story. JSON has to keep it as it is: amounts are text, tuples lists.

        What Hypothesis chose is in the case file; a story is told again by the same values in the same order.
        """
        value = self._draws.draw(strategy)
        self.drawn.append(value)
        return value

    def draw_list(self, elements: st.SearchStrategy[Any], *, min_size: int = 0, max_size: int) -> list[Any]:
        """A list any of whose elements can be left out. A story that goes wrong is at once tried without them."""
        self.lists.append(len(self.drawn))
        drawn: list[Any] = self.draw(st.lists(elements, min_size=min_size, max_size=max_size))
        return drawn

    # ------------------------------------------------------------ the client

    @property
    def client(self) -> Client:
        """The client, which is started if it is not yet."""
        if self._client is None:
            self._client = self._stage.driver.start(replace(self.afas.connection, **self._told))
        return self._client

    @property
    def features(self) -> frozenset[str]:
        """The features that the client supports, of those that the run is about."""
        return self.client.features_within(self._stage.features)

    def tell_client(self, **changes: Any) -> None:
        """Gives the client something else than the truth at its start: ``token=``, ``language=``, ``integration_id=``.

        A client that is at work already is started again.
        """
        shown = ", ".join(f"{name} {value!r}" for name, value in changes.items())
        self._add("client", f"tell the client: {shown}", changes)
        self._told = {**self._told, **changes}
        self._client = None

    def can(self, operation: str) -> bool:
        """Whether the driver has an operation."""
        return operation in self.client.operations

    def run(self, operation: str, **arguments: Any) -> Ok | Failed:
        """Lets the client carry out an operation. Raises NotTested when the driver cannot, or skips it."""
        self._stage.pause()
        if operation not in self.client.operations:
            raise NotTested(f"the driver has no operation {operation}")
        words = operation_words(operation, arguments)
        try:
            outcome = self._stage.driver.run(operation, arguments)
        except BaseException as error:
            self._add("operation", words, {"operation": operation, "arguments": arguments}, f"broken off: {error}")
            raise
        self._add("operation", words, {"operation": operation, "arguments": arguments}, outcome_words(outcome))
        if isinstance(outcome, Skipped):
            raise NotTested(f"the driver skipped {operation}: {outcome.reason}")
        return outcome

    def succeed(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Lets the client carry out an operation that a right client can, and checks that it does."""
        outcome = self.run(operation, **arguments)
        if isinstance(outcome, Failed):
            self.fail(f"the client can {operation.replace('_', ' ')}", message=outcome.message)
        return outcome.result

    def restart_client(self) -> None:
        """Starts the client again, as after a restart of its machine: it forgets what it did not write down."""
        self._add("client", "start the client again")
        self._client = None

    # ------------------------------------------------------------ AFAS

    @property
    def afas(self) -> Environment:
        """The environment of this story, for calls that the story has no words for."""
        if self._environment is None:
            self._environment = self._stage.target.fork()
            if self._settings:
                self._environment = self._stage.target.with_settings(self._environment, self._settings)
        return self._environment

    def environment(self, **settings: Any) -> None:
        """Changes the configuration: ``without=["projects"]``, ``dialect={"order": "stable"}``, ``type="T"`` and so on.

        Before the first operation it is how the client finds AFAS; after it, something that an administrator does
        while the client works.
        """
        self._stage.pause()
        shown = ", ".join(f"{name} {value!r}" for name, value in settings.items())
        self._add("environment", f"set up AFAS with {shown}", settings)
        before = self.afas.name
        self._environment = self._stage.target.with_settings(self.afas, settings)
        if self._environment.name != before:
            self._client, self._seen = None, 0

    def fault(
        self,
        kind: str,
        *,
        connector: str | None = None,
        method: str | None = None,
        phase: str = "before",
        nth: int = 1,
        times: int | None = 1,
        **effect: Any,
    ) -> None:
        """Arranges a fault: ``story.fault("drop", connector="FiEntries", method="POST", phase="after")``.

        ``nth`` is the call that it hits first, counted from 1 among those that match from now on, ``times`` how many it
        hits, None for all. Other keywords belong to the effect, such as ``status=503``.
        """
        match = {"connector": connector, "method": method, "nth": nth, "times": times}
        fault = {"match": match, "phase": phase, "effect": {"kind": kind, **effect}}
        self._add("fault", f"arrange fault {self.afas.add_fault(fault)}: {fault_words(fault)}", fault)

    def clear_faults(self) -> None:
        """From here on AFAS works as it should."""
        self._add("fault", "no more faults")
        self.afas.clear_faults()

    def put_data(self, entity: str, rows: Sequence[Row]) -> None:
        """Adds or changes rows of master data, as an administrator does."""
        shown = str(rows[0]) if len(rows) == 1 else f"{len(rows)} rows"
        self._add("data", f"put {entity}: {shown:.200}", {"entity": entity, "rows": list(rows)})
        self.afas.put(entity, rows)

    def data(self, entity: str) -> list[Row]:
        """All rows of an entity of the master data."""
        return self.afas.data(entity)

    def rows(self, connector: str) -> list[Row]:
        """All rows of a GetConnector as AFAS sends them; not in the traffic. Ask before arranging faults."""
        return self.afas.rows(connector)

    def definition(self, connector: str) -> Row:
        """The definition of a GetConnector, as metainfo has it; not in the traffic."""
        return self.afas.definition(connector)

    def import_definition(self, definition: Row) -> None:
        """Replaces a GetConnector by another definition of it, as an administrator does by importing one."""
        self._add("data", f"import {definition['name']} with {len(definition['fields'])} fields", definition)
        self.afas.import_definition(definition)

    # ------------------------------------------------------------ what came of it

    def books(self) -> Books:
        """The whole end state. It is large; ``changes`` mostly says enough, and costs a twentieth."""
        return self.afas.books()

    def changes(self) -> Books:
        """Of the end state what was added or changed in this story, whole rows."""
        return self.afas.books(changed_since=NOW)

    def traffic(self) -> list[Exchange]:
        """The calls of the client so far."""
        return self.afas.traffic()

    def check(self, condition: object, title: str, **details: Any) -> None:
        """Raises CheckFailed unless ``condition``. ``title`` says what should hold, ``details`` what was seen."""
        if not condition:
            self.fail(title, **details)

    def fail(self, title: str, **details: Any) -> NoReturn:
        """``title``, which should hold, does not."""
        raise CheckFailed(title, details)

    def note(self, words: str) -> None:
        """A remark between the steps, for who reads the story."""
        self._add("note", words)

    # ------------------------------------------------------------ keeping

    def _add(self, kind: str, words: str, details: Mapping[str, Any] | None = None, came: str = "") -> None:
        exchanges: tuple[Exchange, ...] = ()
        if self._stage.detailed and self._environment is not None:
            traffic = self.afas.traffic()
            exchanges, self._seen = tuple(traffic[self._seen :]), len(traffic)
        self.steps.append(Step(kind, words, shortened(details or {}), came, exchanges))

    def end(self) -> None:
        """Removes the environment of the story."""
        if self._environment is not None:
            self._environment.delete()
            self._environment = None
