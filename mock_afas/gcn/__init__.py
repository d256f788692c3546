"""Reads the export files of GetConnectors (``.gcn``): what an administrator of AFAS exports and imports.

A file is a binary header, an embedded ZIP with one entry ``ExternalData``, and a signature that nobody outside AFAS can
check. The entry is a sequence of values in one of two serialisations (``values``): properties, SQL statements that
describe a view with its fields (``statements``), and a tail that names the connector and orders its fields
(``export``). No data types are in it.
"""

from mock_afas.gcn.export import Export, ExportField, is_export, read
from mock_afas.gcn.values import GcnError

__all__ = ["Export", "ExportField", "GcnError", "is_export", "read"]
