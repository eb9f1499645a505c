"""Where on the web app's port things are found; the routes and the pages both ask here."""

from __future__ import annotations

from importlib import metadata

# Streamlit's own st.image takes an address on this server only below this path.
STATIC = "/app/static"
THUMBNAIL = "/thumbnail/{sha256}"
PICTURE = "/picture/{sha256}"
DOWNLOAD = "/download/{token}"
EXPORT = "/customvision/files/export/{iteration_id}/{file}"
PLOTLY = f"/assets/plotly-{metadata.version('plotly')}.min.js"


def thumbnail(sha256: str) -> str:
    """A stored picture's thumbnail.

    >>> thumbnail("ab12")
    '/thumbnail/ab12'
    """
    return THUMBNAIL.format(sha256=sha256)


def picture(sha256: str) -> str:
    """A stored picture at a size for looking closely, in the form that st.image takes."""
    return STATIC + PICTURE.format(sha256=sha256)


def download(token: str) -> str:
    """A zip that was made ready."""
    return DOWNLOAD.format(token=token)


def export(iteration_id: str, file: str) -> str:
    """An export's zip, by the name that its delivery tells.

    >>> export("1c5b", "onnx-77.zip")
    '/customvision/files/export/1c5b/onnx-77.zip'
    """
    return EXPORT.format(iteration_id=iteration_id, file=file)
