"""A certificate authority and a certificate made on the spot, for a server that is called as AFAS' own is.

The keys stay in memory and are gone with the process: whoever trusts the authority need not fear that somebody finds
its key. AFAS takes TLS 1.2 or newer only, and so does the server.
"""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mock_afas.errors import ControlError
from mock_afas.profiles import HOST_SUFFIXES

CA_NAME = "ca.pem"
#: The hosts of AFAS that the certificate is good for.
AFAS_HOSTS = tuple(f"*.rest{suffix}.afas.online" for suffix in HOST_SUFFIXES.values())
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = frozenset(("0.0.0.0", "::"))  # noqa: S104 - compared, not bound
_NAME = re.compile(r"[A-Za-z0-9.:-]+")


@dataclass(frozen=True, slots=True)
class Secured:
    """What a server needs to speak TLS, and the file of the authority that its clients have to trust."""

    context: ssl.SSLContext
    ca_file: Path


@contextmanager
def secured(host: str, ca_file: Path | None) -> Iterator[Secured]:
    """TLS for a server at ``host``, as long as it is wanted. Raises ControlError.

    Without ``ca_file`` the authority is written to a directory of its own, which is removed at the end.
    """
    own = Path(tempfile.mkdtemp(prefix="mock-afas-")) if ca_file is None else None
    try:
        file = own / CA_NAME if own is not None else ca_file or Path(CA_NAME)
        context, authority = _made(_names(host))
        try:
            file.write_bytes(authority)
        except OSError as error:
            hint = "give a --ca-file that can be written"
            raise ControlError(f"{file} cannot be written: {error.strerror}", hint=hint) from None
        yield Secured(context, file.absolute())
    finally:
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)


def _names(host: str) -> list[str]:
    """What the server may be called."""
    here = [name for name in (host, socket.gethostname()) if name not in _EVERYWHERE and _NAME.fullmatch(name)]
    return list(dict.fromkeys((*_THIS_MACHINE, *here, *AFAS_HOSTS)))


def _made(names: list[str]) -> tuple[ssl.SSLContext, bytes]:
    """A context with a new certificate for ``names``, and the authority behind it in PEM."""
    try:
        import trustme  # noqa: PLC0415 - it takes a while, and is not installed by default
    except ImportError:
        raise ControlError("TLS needs the package trustme", hint="pip install 'mock-afas[tls]'") from None
    authority = trustme.CA(organization_name="mock_afas", organization_unit_name="made for this run")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*names, organization_name="mock_afas").configure_cert(context)
    return context, authority.cert_pem.bytes()
