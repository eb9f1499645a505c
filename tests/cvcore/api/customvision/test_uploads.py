"""Uploads through the API's handlers, called without a server."""

from __future__ import annotations

import base64
import json

from cvcore.api.customvision.operations import uploads
from cvcore.api.customvision.protocol.request import Call
from cvcore.settings import Settings
from cvcore.store import Store
from tests.conftest import DrawImage, Fill


def test_tag_names_are_read_once_a_batch(store: Store, fill: Fill, drawn_image: DrawImage) -> None:
    """However many images a batch holds, SQL is asked for the project's tags equally often."""
    project = fill(rose=1)
    statements: list[str] = []
    store._connections.connection.set_trace_callback(statements.append)

    def tag_queries(*contents: str) -> int:
        statements.clear()
        images = [{"name": f"{number}.png", "contents": each} for number, each in enumerate(contents)]
        body = json.dumps({"images": images}).encode()
        call = Call(store, Settings(home=store.home), path={"projectId": project.id}, body=body)
        answer = uploads.create_images_from_files(call)
        assert len(contents) == len(answer.body["images"])
        return sum("from tags" in each for each in statements)

    # An image that is no base64 is refused before its tags are looked at.
    assert tag_queries(_png(drawn_image, 90)) == tag_queries(_png(drawn_image, 91), *["a"] * 20) > 0


def _png(drawn_image: DrawImage, number: int) -> str:
    return base64.b64encode(drawn_image(number)).decode()
