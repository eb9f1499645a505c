"""What programs need to use an iteration with Amazon's clients: address, key pair, ARN, and snippets to copy."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import streamlit as st

from cvcore.files import api_keys
from cvcore.languages import marked, t
from cvcore.records import Iteration, Project
from cvcore.rekognition import arns, client_snippets
from cvcore.rekognition.client_snippets import Endpoint
from cvcore.settings import Settings
from cvcore.store import Store
from pages.parts.shell import server_address

HIDDEN = "SECRET-ACCESS-KEY"
WAYS: tuple[tuple[str, str, Callable[[Endpoint], str]], ...] = (
    ("boto3", "python", client_snippets.boto3),
    (marked("aws in bash"), "bash", client_snippets.bash),
    (marked("aws in PowerShell"), "powershell", client_snippets.powershell),
)


def show(store: Store, project: Project, iteration: Iteration, settings: Settings) -> None:
    """Show what a program needs to use an iteration as a version of a Rekognition Custom Labels project.

    The secret is hidden, in the snippets too, until the user switches it on.
    """
    st.header(t("Use it with Amazon's clients"), anchor=False)
    st.markdown(
        t(
            "Programs written for Amazon Rekognition Custom Labels work with this server: set these variables, and run "
            "them unchanged. Buckets of S3 are folders on this server."
        )
    )
    server = _numeric(server_address.address())
    is_shown = st.toggle(t("Show the secret access key"), key="secret-shown")
    keys = api_keys.load_aws(settings)
    secret = keys.secret_access_key if is_shown else HIDDEN
    endpoint = Endpoint(server, arns.of_iteration(store, project, iteration), keys.access_key_id, secret)
    shown = endpoint.variables | {
        "AWS_SECRET_ACCESS_KEY": secret if is_shown else "•" * 40,
        "ProjectArn": arns.of_project(store, project),
        "ProjectVersionArn": endpoint.version_arn,
    }
    with st.container(key="amazon-values"):
        for label, value in shown.items():
            words, code = st.columns([2, 5], vertical_alignment="center")
            words.markdown(label)
            code.code(value, language=None, wrap_lines=True)
    server_address.show_hint(server)
    if is_shown and not settings.password and not server_address.is_own(server):
        st.caption(
            t(
                "No password is set: everybody who can open this page can see the secret. Set TAGWISE_PASSWORD to "
                "prevent it."
            )
        )
    for tab, (_, language, snippet) in zip(st.tabs([t(label) for label, *_ in WAYS]), WAYS, strict=True):
        tab.code(snippet(endpoint), language=language, wrap_lines=True)
    st.caption(
        " ".join(
            [
                t("Replace {name} by your image.", name=client_snippets.FILE),
                *(() if is_shown else (_how_to_show(),)),
                t(
                    "The answer has every tag's confidence. Without the minimum of 0 it has the tags that pass their "
                    "threshold."
                ),
            ]
        )
    )


def _how_to_show() -> str:
    return t(
        "Switch on *{switch}*, and the secret replaces {name}.", switch=t("Show the secret access key"), name=HIDDEN
    )


def _numeric(address: str) -> str:
    """An address with 127.0.0.1 in the place of localhost, before which some clients of S3 put a bucket's name.

    >>> _numeric("http://localhost:8501/tools"), _numeric("http://laptop:8501")
    ('http://127.0.0.1:8501/tools', 'http://laptop:8501')
    """
    parts = urlsplit(address)
    is_local = parts.hostname == "localhost"
    return parts._replace(netloc=parts.netloc.replace("localhost", "127.0.0.1")).geturl() if is_local else address
