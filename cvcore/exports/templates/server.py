"""Web server for Custom Vision's prediction routes: `python server.py`, on port 80 or on $PORT.

    curl -F imageData=@image.jpg http://127.0.0.1/image
    curl -H "Content-Type: application/octet-stream" --data-binary @image.jpg http://127.0.0.1/image

This one model answers, whatever project and iteration the address names. Nothing is stored. The answer has Custom
Vision's form: every tag's probability. Clients compare them with the thresholds, which a GET of / returns.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).resolve().parent

BYTES_MAX = 4 * 2**20  # Custom Vision's own limit
PIXELS_MAX = 60_000_000

# /image, /{project}/image and /{project}/classify/iterations/{name}/image, with or without /nostore, and the same for
# /url; the official client puts /customvision/v3.1/prediction in front.
ROUTE = re.compile(
    r"/+(customvision/v3[^/]*/prediction/)?([^/]+/(classify/iterations/[^/]+/)?)?(image|url)(/nostore)?", re.IGNORECASE
)

# Takes an image file, returns every tag with its probability, the highest first.
Predict = Callable[[io.BytesIO], list[dict[str, Any]]]


class Refused(Exception):
    """A request that is refused: the HTTP status, Custom Vision's code for it, and a message."""


class Server(ThreadingHTTPServer):
    """Serves one model, which `model_json` describes."""

    def __init__(self, address: tuple[str, int], predict: Predict, model_json: dict[str, Any]) -> None:
        super().__init__(address, Handler)
        self.predict = predict
        self.model_json = model_json
        self.one_at_a_time = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server
    protocol_version = "HTTP/1.1"  # for `Expect: 100-continue`, which clients send before a large image
    timeout = 30

    def do_GET(self) -> None:
        """Return the model's description, which shows that the server is up."""
        self.answer(200, {"status": "ready", "model": self.server.model_json})

    def do_POST(self) -> None:
        """Return the predictions for the image in the request."""
        try:
            kind = route_of(self.path)
            body = self.read_body()
            if kind == "url":
                message = "this server does not fetch addresses: send the image itself to the same route with /image"
                raise Refused(400, "BadRequestImageUrl", message)
            self.answer(200, self.prediction(image_in(body, self.headers.get("Content-Type", ""))))
        except Refused as refusal:
            status, code, message = refusal.args
            self.answer(status, {"code": code, "message": message})

    def read_body(self) -> bytes:
        """The request's body; a larger one is read to its end before it is refused, so that the client sees why."""
        try:
            length = int(self.headers["Content-Length"])
        except (TypeError, ValueError):
            raise Refused(411, "BadRequestImageSizeBytes", "the request must have a Content-Length") from None
        if 0 < length <= BYTES_MAX:
            return self.rfile.read(length)
        for left in range(min(length, 16 * BYTES_MAX), 0, -(2**16)):
            self.rfile.read(min(left, 2**16))
        message = f"an image must have 1 to {BYTES_MAX:,} bytes, got {length:,}: save it smaller"
        raise Refused(400, "BadRequestImageSizeBytes", message)

    def prediction(self, image: bytes) -> dict[str, Any]:
        """Custom Vision's ImagePrediction."""
        try:
            with self.server.one_at_a_time:
                predictions = self.server.predict(io.BytesIO(image))
        except Exception as error:  # Pillow raises exceptions of many types
            self.log_error("%r", error)
            message = "the body must be an image or a form with one as imageData: send a JPEG or PNG"
            raise Refused(400, "BadRequestImageFormat", message) from None
        tags = {tag["name"]: tag for tag in self.server.model_json["tags"]}
        return {
            "id": str(uuid.uuid4()),
            "project": self.server.model_json["project"]["id"],
            "iteration": self.server.model_json["iteration"]["id"],
            "created": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "predictions": [
                {
                    "probability": prediction["probability"],
                    "tagId": tags[prediction["tag"]]["id"],
                    "tagName": prediction["tag"],
                    "boundingBox": None,
                    "tagType": tags[prediction["tag"]]["type"],
                }
                for prediction in predictions
            ],
        }

    def answer(self, status: int, content: dict[str, Any]) -> None:
        """Send JSON and close the connection."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def route_of(path: str) -> str:
    """`image` if the path expects an image in the request, `url` if it expects an address.

    >>> route_of("/my-project/classify/iterations/Iteration1/image?application=phone")
    'image'
    """
    match = ROUTE.fullmatch(path.partition("?")[0])
    if not match:
        raise Refused(404, "NotFound", f"there is no route {path[:200]}: POST an image to /image")
    return match[4].lower()


def image_in(body: bytes, content_type: str) -> bytes:
    r"""The image in a request: of a form the part `imageData`, or else its first file; otherwise the whole body.

    >>> form = b'--x\r\nContent-Disposition: form-data; name="imageData"\r\n\r\nJPEG\r\n--x--\r\n'
    >>> image_in(form, "multipart/form-data; boundary=x")
    b'JPEG'
    """
    boundary = re.search(r'multipart/.*boundary="?([^";]+)', content_type, re.IGNORECASE)
    if not boundary:
        return body
    # A delimiter is a complete line: an image can contain a longer line with the same beginning.
    delimiter = rb"\r\n--" + re.escape(boundary[1].encode()) + rb"(?=(?:--)?[ \t]*(?:\r\n|\Z))"
    parts = [part.partition(b"\r\n\r\n") for part in re.split(delimiter, b"\r\n" + body)]
    for pattern in (rb'\bname="?imageData\b', rb"\bfilename\*?="):
        for head, _, content in parts:
            if re.search(pattern, head, re.IGNORECASE):
                return content
    raise Refused(400, "BadRequestImageFormat", "the form must have a part imageData with the image, it has none")


def main() -> None:
    """Serve until the process is stopped."""
    import predict  # lies beside this file

    Image.MAX_IMAGE_PIXELS = PIXELS_MAX // 2  # Pillow warns at this and refuses at twice as many
    model = predict.load_model()
    model_json = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
    port = int(os.environ.get("PORT", "80"))
    server = Server(("", port), lambda file: predict.predict(model, file), model_json)
    # The first process of a container gets only the signals that it has a handler for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print(f"listening on port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
