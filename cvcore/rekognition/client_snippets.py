"""Code to copy that predicts images by an iteration with Amazon's clients: boto3, and the command line."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field

from cvcore.rekognition import arns

FILE = "image.jpg"


@dataclass(frozen=True)
class Endpoint:
    """An iteration's ARN and the key pair; `server` is the address from outside, like `http://127.0.0.1:8501`."""

    server: str
    version_arn: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that let scripts of Amazon's clients speak to this server."""
        return {
            "AWS_ENDPOINT_URL": self.server,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            "AWS_DEFAULT_REGION": arns.REGION,
        }


def boto3(endpoint: Endpoint) -> str:
    """A script for boto3.

    >>> compile(boto3(Endpoint("http://laptop", "arn:…", "AKIA", "s")), "predict.py", "exec") is not None
    True
    """
    return f"""# pip install boto3
import boto3

client = boto3.client(
    "rekognition",
    endpoint_url={json.dumps(endpoint.server)},
    aws_access_key_id={json.dumps(endpoint.access_key_id)},
    aws_secret_access_key={json.dumps(endpoint.secret_access_key)},
    region_name={json.dumps(arns.REGION)},
)
version = {json.dumps(endpoint.version_arn)}
try:
    client.start_project_version(ProjectVersionArn=version, MinInferenceUnits=1)
except client.exceptions.ResourceInUseException:
    pass  # it runs already
with open("{FILE}", "rb") as file:
    answer = client.detect_custom_labels(ProjectVersionArn=version, Image={{"Bytes": file.read()}}, MinConfidence=0)
for label in answer["CustomLabels"]:
    print(f"{{label['Name']}}: {{label['Confidence']:.1f}} %")
"""


def bash(endpoint: Endpoint) -> str:
    """The variables and commands for a terminal of Linux or macOS.

    >>> print(bash(Endpoint("http://laptop", "arn:…", "AKIA", "it's")).splitlines()[2])
    export AWS_SECRET_ACCESS_KEY='it'"'"'s'
    """
    return _commands(endpoint, [f"export {name}={shlex.quote(value)}" for name, value in endpoint.variables.items()])


def powershell(endpoint: Endpoint) -> str:
    """The variables and commands for PowerShell.

    >>> print(powershell(Endpoint("http://laptop", "arn:…", "AKIA", "it's")).splitlines()[2])
    $env:AWS_SECRET_ACCESS_KEY = 'it''s'
    """
    quoted = {name: value.replace("'", "''") for name, value in endpoint.variables.items()}
    return _commands(endpoint, [f"$env:{name} = '{value}'" for name, value in quoted.items()])


def _commands(endpoint: Endpoint, variables: list[str]) -> str:
    version = f"--project-version-arn {endpoint.version_arn}"
    lines = [
        *variables,
        "# Start it once: if it runs already, this says so.",
        f"aws rekognition start-project-version {version} --min-inference-units 1",
        f"aws rekognition detect-custom-labels {version} --image-bytes fileb://{FILE} --min-confidence 0",
    ]
    return "\n".join(lines) + "\n"
