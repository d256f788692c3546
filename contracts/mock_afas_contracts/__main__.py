"""``python -m mock_afas_contracts`` is ``mock-afas contract``."""

from mock_afas_contracts.cli import contract

contract(prog_name="mock-afas contract")
