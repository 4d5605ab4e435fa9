"""The examples of our documents, to be run as they are written."""

from __future__ import annotations

import ast
import inspect
import re

from support import ROOT

TITLE = "## In real pipelines"


def examples(language, file="README.md", title=TITLE):
    """Give the examples of a part of a document, in their order."""
    part = (ROOT / file).read_text().split(title)[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", part, re.DOTALL)


async def execute(text, names):
    """Run an example, which may await, and keep the names that it sets."""
    code = compile(text, "document", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)  # noqa: S307 - our own documents
    if inspect.isawaitable(result):
        await result
