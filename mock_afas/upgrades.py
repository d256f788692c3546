"""HTTP/1.1 whose offers of another protocol are passed over, as RFC 9110 (7.8) lets a server do.

Java's client offers HTTP/2 with each of its calls. uvicorn answers such a call but does not read its body: its parser
takes what follows the headers for the other protocol. Here the parser goes on after them.
"""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: The headers that say how long a body is.
_FRAMING = frozenset((b"content-length", b"transfer-encoding"))


class PassingOverUpgrades(HttpToolsProtocol):
    """uvicorn's protocol for clients that would rather speak another one."""

    #: Whether the parser ended the message at its headers, though a body may follow.
    _broke_off = False
    #: Whether the parser reads headers again that were dealt with.
    _again = False

    def on_message_begin(self) -> None:
        if not self._again:
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._again:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._again:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._again:
            super().on_headers_complete()
            self._broke_off = self.parser.should_upgrade()

    def on_message_complete(self) -> None:
        if not self._broke_off:
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._go_on()
                continue
            except httptools.HttpParserError:
                self.logger.warning("Invalid HTTP request received.")
                self.send_400_response("Invalid HTTP request received.")
            return

    def _go_on(self) -> None:
        """Goes on behind the headers, with a parser that knows of the offer no more."""
        framing = (b"%s: %s\r\n" % header for header in self.headers if header[0] in _FRAMING)
        self._broke_off = False
        self.parser = httptools.HttpRequestParser(self)
        self._again = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%s\r\n" % b"".join(framing))
        self._again = False
