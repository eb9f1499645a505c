"""What the projector shows: the address, its QR code, the class code, and who has joined."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import segno
import streamlit as st

from cvcore import certificates, urls
from cvcore.languages import t, tn
from cvcore.store import SchoolClass, Store
from pages.parts.shell import server_address
from pages.parts.shell.text import isolated, plain

POLL_S = 3.0
QR_PX = 320
LOCAL_ONLY = ("127.0.0.1", "localhost", "::1")


def show(store: Store, school_class: SchoolClass) -> None:
    """Show how to join, and who has, while it changes."""
    address = lan_address()
    if st.get_option("server.address") in LOCAL_ONLY:
        st.warning(
            t(
                "Only this computer can open Tagwise now. Start it with `tagwise serve --https --address 0.0.0.0` to "
                "let other devices in."
            )
        )
    elif urlsplit(address).scheme != "https":
        st.info(t("Pupils' cameras need https: start Tagwise with `tagwise serve --https --address 0.0.0.0`."))
    code, words = st.columns([1, 2], vertical_alignment="center")
    # No wider than a phone's window.
    code.container(width=QR_PX).image(
        qr(f"{address}{urls.JOIN}?code={school_class.code}"),
        width="stretch",
        caption=t("Scan to join"),
        alt=t("QR code of the address to join"),
    )
    with words:
        st.markdown(t("Open in a browser:"))
        st.container(key="class-address").markdown(plain(address))
        st.markdown(t("Class code:"))
        st.container(key="class-code").markdown(spaced(school_class.code))
        if school_class.is_locked:
            st.warning(t("The class is locked: nobody can join or change anything."))
    st.fragment(_joined, run_every=POLL_S)(store, school_class.id)
    if address.startswith("https:"):
        _show_authority(store, address)


def _joined(store: Store, class_id: str) -> None:
    pupils = store.pupils.of_class(class_id)
    joined = tn(len(pupils), "{n} pupil joined", "{n} pupils joined") if pupils else t("Nobody has joined yet")
    st.header(joined, anchor=False)
    if pupils:
        st.markdown(" · ".join(plain(isolated(pupil.nickname)) for pupil in pupils))


def _show_authority(store: Store, address: str) -> None:
    path = store.home / certificates.CERTIFICATE
    if not path.exists():
        return
    with st.expander(t("A device warns of the address, or its camera stays off")):
        st.markdown(
            t(
                "Let the device trust this computer once: open {address} on it and install the certificate. How, for "
                "each kind of device, stands in docs/classroom.md. Its fingerprint (SHA-256) is",
                address=f"{plain(address)}{urls.AUTHORITY}",
            )
        )
        st.code(certificates.fingerprint(path.read_bytes()), language=None, wrap_lines=True)
        st.markdown(t("Without it, photos still come in through the file chooser."))


def lan_address() -> str:
    """The address for other devices: the page's own or, if that is localhost, one of this machine's."""
    own = server_address.address()
    if not server_address.is_own(own):
        return own
    parts = urlsplit(own)
    outward = next((each for each in certificates.addresses() if not each.is_loopback), None)
    if outward is None:
        return own
    host = f"[{outward}]" if outward.version == 6 else f"{outward}"
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def qr(text: str) -> bytes:
    """A QR code as PNG, dark on white with its quiet zone, which a dark theme needs too."""
    file = io.BytesIO()
    segno.make(text, error="m", micro=False).save(file, kind="png", scale=10, border=4)
    return file.getvalue()


def spaced(code: str) -> str:
    """A class code in two halves, to read it out.

    >>> spaced("AB2C3D")
    'AB2 C3D'
    """
    return f"{code[:3]} {code[3:]}"
