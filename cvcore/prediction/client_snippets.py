"""What a program says to ask a published iteration, ready to copy: curl, Python, and Custom Vision's own client."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

# What is asked about: a picture's file, or the address that it lies at.
Of = Literal["file", "url"]

FILE, URL = "picture.jpg", "https://example.com/picture.jpg"


@dataclass(frozen=True)
class Question:
    """Whom to ask, and with which key; the server is as it is reached from outside, like `http://127.0.0.1:8501`."""

    server: str
    project_id: str
    name: str
    key: str = field(repr=False)

    def address(self, of: Of) -> str:
        """The prediction URL, as Custom Vision's portal shows it.

        >>> Question("http://laptop:8501", "1c5b", "my garden", "").address("file")
        'http://laptop:8501/customvision/v3.0/Prediction/1c5b/classify/iterations/my%20garden/image'
        """
        name = quote(self.name, safe="")
        last = "image" if of == "file" else "url"
        return f"{self.server}/customvision/v3.0/Prediction/{self.project_id}/classify/iterations/{name}/{last}"


def curl(question: Question, of: Of) -> str:
    """One line for a terminal; its double quotes serve Windows as well.

    >>> print(curl(Question("http://laptop", "1c5b", "garden", "k"), "file"))
    curl -H "Prediction-Key: k" -H "Content-Type: application/octet-stream" --data-binary "@picture.jpg" \
"http://laptop/customvision/v3.0/Prediction/1c5b/classify/iterations/garden/image"
    """
    kind, option, body = {
        "file": ("application/octet-stream", "--data-binary", f"@{FILE}"),
        "url": ("application/json", "-d", json.dumps({"Url": URL})),
    }[of]
    headers = f"-H {_quoted(f'Prediction-Key: {question.key}')} -H {_quoted(f'Content-Type: {kind}')}"
    return f"curl {headers} {option} {_quoted(body)} {_quoted(question.address(of))}"


def python(question: Question, of: Of) -> str:
    """A script that needs nothing but Python.

    >>> compile(python(Question("http://laptop", "1c5b", "garden", "k"), "url"), "ask.py", "exec") is not None
    True
    """
    kind, body = {
        "file": ("application/octet-stream", f'with open("{FILE}", "rb") as file:\n    body = file.read()'),
        "url": ("application/json", f'body = json.dumps({{"Url": "{URL}"}}).encode()'),
    }[of]
    return f"""import json
import urllib.request

{body}
request = urllib.request.Request(
    {json.dumps(question.address(of))},
    data=body,
    headers={{"Prediction-Key": {json.dumps(question.key)}, "Content-Type": "{kind}"}},
)
with urllib.request.urlopen(request) as answer:
    for each in json.load(answer)["predictions"]:
        print(f"{{each['tagName']}}: {{each['probability']:.1%}}")
"""


def sdk(question: Question, of: Of) -> str:
    """A script for Custom Vision's own Python client.

    >>> compile(sdk(Question("http://laptop", "1c5b", "garden", "k"), "file"), "ask.py", "exec") is not None
    True
    """
    whom = f"{json.dumps(question.project_id)}, {json.dumps(question.name)}"
    ask = {
        "file": f'with open("{FILE}", "rb") as file:\n    result = client.classify_image({whom}, file.read())',
        "url": f'result = client.classify_image_url({whom}, url="{URL}")',
    }[of]
    return f"""# pip install azure-cognitiveservices-vision-customvision==3.1.1
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from msrest.authentication import ApiKeyCredentials

key = ApiKeyCredentials(in_headers={{"Prediction-key": {json.dumps(question.key)}}})
client = CustomVisionPredictionClient({json.dumps(question.server)}, key)
{ask}
for each in result.predictions:
    print(f"{{each.tag_name}}: {{each.probability:.1%}}")
"""


def _quoted(text: str) -> str:
    r"""Text as one argument for a shell.

    >>> print(_quoted('{"a": "$b"}'))
    "{\"a\": \"\$b\"}"
    """
    return '"' + re.sub(r'(["\\$`])', r"\\\1", text) + '"'
