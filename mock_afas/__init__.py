"""A faithful fake AFAS Profit REST server."""

__version__ = "0.1.0"
