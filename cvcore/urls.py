"""Paths on the web app's port, for the routes and for the pages."""

from __future__ import annotations

from importlib import metadata

# Streamlit's st.image takes an address on this server only below this path.
STATIC = "/app/static"
THUMBNAIL = "/thumbnail/{sha256}"
IMAGE = "/picture/{sha256}"
DOWNLOAD = "/download/{token}"
EXPORT = "/customvision/files/export/{iteration_id}/{file}"
PLOTLY = f"/assets/plotly-{metadata.version('plotly')}.min.js"


def thumbnail(sha256: str) -> str:
    """The path of a stored image's thumbnail.

    >>> thumbnail("ab12")
    '/thumbnail/ab12'
    """
    return THUMBNAIL.format(sha256=sha256)


def image(sha256: str) -> str:
    """The path of a stored image at a size for looking closely, in the form that st.image takes."""
    return STATIC + IMAGE.format(sha256=sha256)


def download(token: str) -> str:
    """The path of a zip that is ready to download."""
    return DOWNLOAD.format(token=token)


def export(iteration_id: str, file: str) -> str:
    """The path of an export's zip, by its file name.

    >>> export("1c5b", "onnx-77.zip")
    '/customvision/files/export/1c5b/onnx-77.zip'
    """
    return EXPORT.format(iteration_id=iteration_id, file=file)
