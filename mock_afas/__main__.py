"""``python -m mock_afas`` is the command line."""

from mock_afas.cli import main

main(prog_name="mock-afas")
