"""``mock-afas openapi``: an environment described for code generators and other tools."""

from __future__ import annotations

import click

from mock_afas.cli.client import Control, environment_options, print_json


@click.command()
@environment_options
def openapi(control: Control) -> None:
    """Print what an environment serves as OpenAPI 3.1.

    Each connector that its app connectors open, with the fields that it has there. For generators of clients, and for
    tools such as schemathesis.
    """
    print_json(control.call("GET", "/openapi.json", environment=control.environment))
