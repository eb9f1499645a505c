"""Code to copy that predicts images by a published iteration: curl, Python, and Custom Vision's own client."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

# Where the image comes from: a file, or a URL.
Source = Literal["file", "url"]

FILE, URL = "image.jpg", "https://example.com/image.jpg"


@dataclass(frozen=True)
class Endpoint:
    """A published iteration and its key; `server` is the address from outside, like `http://127.0.0.1:8501`."""

    server: str
    project_id: str
    name: str
    key: str = field(repr=False)

    def url(self, source: Source) -> str:
        """The prediction URL, as in Custom Vision's portal.

        >>> Endpoint("http://laptop:8501", "1c5b", "my garden", "").url("file")
        'http://laptop:8501/customvision/v3.0/Prediction/1c5b/classify/iterations/my%20garden/image'
        """
        name = quote(self.name, safe="")
        last = "image" if source == "file" else "url"
        return f"{self.server}/customvision/v3.0/Prediction/{self.project_id}/classify/iterations/{name}/{last}"


def curl(endpoint: Endpoint, source: Source) -> str:
    """One line for a terminal; its double quotes work on Windows too.

    >>> print(curl(Endpoint("http://laptop", "1c5b", "garden", "k"), "file"))
    curl -H "Prediction-Key: k" -H "Content-Type: application/octet-stream" --data-binary "@image.jpg" \
"http://laptop/customvision/v3.0/Prediction/1c5b/classify/iterations/garden/image"
    """
    kind, option, body = {
        "file": ("application/octet-stream", "--data-binary", f"@{FILE}"),
        "url": ("application/json", "-d", json.dumps({"Url": URL})),
    }[source]
    headers = f"-H {_quoted(f'Prediction-Key: {endpoint.key}')} -H {_quoted(f'Content-Type: {kind}')}"
    return f"curl {headers} {option} {_quoted(body)} {_quoted(endpoint.url(source))}"


def python(endpoint: Endpoint, source: Source) -> str:
    """A script that needs nothing but Python.

    >>> compile(python(Endpoint("http://laptop", "1c5b", "garden", "k"), "url"), "predict.py", "exec") is not None
    True
    """
    kind, body = {
        "file": ("application/octet-stream", f'with open("{FILE}", "rb") as file:\n    body = file.read()'),
        "url": ("application/json", f'body = json.dumps({{"Url": "{URL}"}}).encode()'),
    }[source]
    return f"""import json
import urllib.request

{body}
request = urllib.request.Request(
    {json.dumps(endpoint.url(source))},
    data=body,
    headers={{"Prediction-Key": {json.dumps(endpoint.key)}, "Content-Type": "{kind}"}},
)
with urllib.request.urlopen(request) as response:
    for prediction in json.load(response)["predictions"]:
        print(f"{{prediction['tagName']}}: {{prediction['probability']:.1%}}")
"""


def sdk(endpoint: Endpoint, source: Source) -> str:
    """A script for Custom Vision's own Python client.

    >>> compile(sdk(Endpoint("http://laptop", "1c5b", "garden", "k"), "file"), "predict.py", "exec") is not None
    True
    """
    published = f"{json.dumps(endpoint.project_id)}, {json.dumps(endpoint.name)}"
    call = {
        "file": f'with open("{FILE}", "rb") as file:\n    result = client.classify_image({published}, file.read())',
        "url": f'result = client.classify_image_url({published}, url="{URL}")',
    }[source]
    return f"""# pip install azure-cognitiveservices-vision-customvision==3.1.1
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from msrest.authentication import ApiKeyCredentials

key = ApiKeyCredentials(in_headers={{"Prediction-key": {json.dumps(endpoint.key)}}})
client = CustomVisionPredictionClient({json.dumps(endpoint.server)}, key)
{call}
for prediction in result.predictions:
    print(f"{{prediction.tag_name}}: {{prediction.probability:.1%}}")
"""


def _quoted(text: str) -> str:
    r"""Text as one argument for a shell.

    >>> print(_quoted('{"a": "$b"}'))
    "{\"a\": \"\$b\"}"
    """
    return '"' + re.sub(r'(["\\$`])', r"\\\1", text) + '"'
