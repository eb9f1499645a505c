"""Paths on the web app's port: those of the routes, and those that pages give to browsers.

Behind a proxy the app can be below a path, `server.baseUrlPath` of Streamlit: browsers need it in front, routes do not
have it.
"""

from __future__ import annotations

from importlib import metadata

# Streamlit's st.image takes an address on this server only below this path.
STATIC = "/app/static"
THUMBNAIL = "/thumbnail/{sha256}"
IMAGE = "/picture/{sha256}"
DOWNLOAD = "/download/{token}"
EXPORT = "/customvision/files/export/{iteration_id}/{file}"
AUTHORITY = "/ca.pem"
JOIN = "/join"
LIVE = "/live/{iteration_id}"
PLOTLY = f"/assets/plotly-{metadata.version('plotly')}.min.js"

_below = [""]


def serve_below(path: str) -> None:
    """Set the path that the app is below in this process; empty for none.

    >>> serve_below("tools/tagwise/")
    >>> below(DOWNLOAD), serve_below(""), below(DOWNLOAD)
    ('/tools/tagwise/download/{token}', None, '/download/{token}')
    """
    _below[0] = f"/{path.strip('/')}" if path.strip("/") else ""


def below(path: str) -> str:
    """A path as browsers need it."""
    return _below[0] + path


def thumbnail(sha256: str) -> str:
    """The path of a stored image's thumbnail.

    >>> thumbnail("ab12")
    '/thumbnail/ab12'
    """
    return below(THUMBNAIL.format(sha256=sha256))


def image(sha256: str) -> str:
    """The path of a stored image at a size for looking closely, in the form that st.image takes."""
    return below(STATIC + IMAGE.format(sha256=sha256))


def download(token: str) -> str:
    """The path of a zip that is ready to download."""
    return below(DOWNLOAD.format(token=token))


def export(iteration_id: str, file: str) -> str:
    """The path of an export's zip, by its file name.

    >>> export("1c5b", "onnx-77.zip")
    '/customvision/files/export/1c5b/onnx-77.zip'
    """
    return below(EXPORT.format(iteration_id=iteration_id, file=file))


def live(iteration_id: str) -> str:
    """The path that answers frames of a live camera by an iteration.

    >>> live("1c5b")
    '/live/1c5b'
    """
    return below(LIVE.format(iteration_id=iteration_id))
