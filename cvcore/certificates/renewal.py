"""Renews the certificate while the server runs: a laptop that moves to another network has other addresses."""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
from collections.abc import Iterable
from pathlib import Path

from cvcore.certificates import server
from cvcore.errors import TagwiseError

EVERY_S = 20.0

log = logging.getLogger("tagwise.https")


def server_contexts() -> list[ssl.SSLContext]:
    """The TLS contexts that servers of this process answer with.

    Streamlit starts the server and keeps its context to itself. To be called before `gc.freeze`, which hides objects.
    """
    contexts = [each for each in gc.get_objects() if isinstance(each, ssl.SSLContext)]
    return [each for each in contexts if each.protocol == ssl.PROTOCOL_TLS_SERVER]


async def keep_renewed(
    home: Path, hosts: Iterable[str], contexts: Iterable[ssl.SSLContext], every_s: float = EVERY_S
) -> None:
    """Renew the home folder's certificate whenever it must be; new connections then get the new one."""
    hosts, contexts = tuple(hosts), tuple(contexts)
    while True:
        await asyncio.sleep(every_s)
        try:
            served = await asyncio.to_thread(server.ensure, home, hosts)
            if served.is_new:
                for context in contexts:
                    context.load_cert_chain(served.path)
                log.info("the certificate was renewed for %s", ", ".join(map(str, (*served.names, *served.addresses))))
        except TagwiseError as error:
            log.error("the certificate could not be renewed: %s", error)
