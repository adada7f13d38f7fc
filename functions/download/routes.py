"""``GET /download``, ``/stream``, ``/receipt`` and ``/thumbnail``: the result, and what lies beside it.

What may be large is a redirect to storage, with the link in the body as well.
"""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response

from functions.download.beside import (
    checked_kind,
    preview_link,
    receipt,
    row_with_preview,
    row_with_receipt,
    storyboard,
)
from functions.download.links import Link, completed_row, make_link
from functions.shared import logs
from functions.shared.auth import asking_user, required_uuids
from functions.shared.errors import ConvertedMissing, MissingParameter, NotOwner, NotReady, TransactionNotFound
from functions.shared.offload import in_storage_thread, in_thread
from functions.shared.openapi import answer
from functions.shared.transactions import PREVIEWS
from functions.shared.web import NO_STORE, Responses, problem_responses

router = APIRouter(tags=["download"])

UserId = Annotated[str | None, Query(description="Who uploaded it; a UUID. Required.")]
TransactionId = Annotated[str | None, Query(description="As `POST /upload` returned it; a UUID. Required.")]
Accept = Annotated[str | None, Header(description="`application/json` for 200 with the body instead of the redirect.")]


Kind = Annotated[
    str, Query(description="Which preview.", json_schema_extra={"enum": list(PREVIEWS), "default": "poster"})
]


def _problems(bad_parameter: str = "", missing: str = "") -> Responses:
    """Of each route here; the two texts tell what a route adds to 400 and to 404."""
    return problem_responses(
        {
            MissingParameter(
                "Missing required parameter(s): user_id, transaction_id"
            ): "`Missing required parameter(s): user_id, transaction_id`"
            f" or `Invalid UUID format for parameter: 'user_id'`{bad_parameter}",
            NotOwner(): "`Forbidden`: the transaction is another user's.",
            TransactionNotFound(): f"`Transaction not found`{missing}",
            NotReady(): "`File not ready for download`: poll `/status` until it is `Completed`.",
            ConvertedMissing(): "`Converted file missing`: storage has lost what was delivered.",
        }
    )


RESPONSES: Responses = {
    200: answer("The link, for `Accept: application/json`.", "functions.download.models", "LinkAnswer"),
    307: answer("Redirect to the link, which the body holds too.", "functions.download.models", "LinkAnswer"),
    **_problems(),
}
RECEIPT_RESPONSES: Responses = {
    200: {"description": "The receipt.", "content": {"application/json": {"schema": {"type": "object"}}}},
    **_problems(missing="; or `receipt_missing`: the conversion is older than receipts are."),
}
PREVIEW_LINK = answer("Redirect to the picture.", "functions.download.models", "PreviewLinkAnswer")
STORYBOARD_CUE = "00:00:00.000 --> 00:00:05.000\nhttp://localhost:9000/converted/…/1.sprite.jpg?X-Amz-…#xywh=0,0,160,90"
THUMBNAIL_RESPONSES: Responses = {
    200: {
        "description": "The storyboard; of the other kinds the link, for `Accept: application/json`.",
        "content": {
            "text/vtt": {"schema": {"type": "string"}, "example": f"WEBVTT\n\n{STORYBOARD_CUE}\n"},
            **PREVIEW_LINK["content"],
        },
    },
    307: PREVIEW_LINK,
    **_problems(
        bad_parameter=", or another `kind` than there are",
        missing="; or `thumbnail_missing`: previews were off, or this one could not be made.",
    ),
}


@router.head("/download", include_in_schema=False)
@router.get("/download", summary="Fetch the result", response_class=JSONResponse, responses=RESPONSES)
async def download(
    request: Request, user_id: UserId = None, transaction_id: TransactionId = None, accept: Accept = None
) -> JSONResponse:
    """Redirects to a presigned link that saves the result under the user's own file name."""
    return await _answer(request, user_id, transaction_id, "attachment", accept)


@router.head("/stream", include_in_schema=False)
@router.get("/stream", summary="Play the result", response_class=JSONResponse, responses=RESPONSES)
async def stream(
    request: Request, user_id: UserId = None, transaction_id: TransactionId = None, accept: Accept = None
) -> JSONResponse:
    """Redirects to a presigned link for playback in place: the file is faststart, and the link takes `Range`."""
    return await _answer(request, user_id, transaction_id, "inline", accept)


@router.head("/receipt", include_in_schema=False)
@router.get("/receipt", summary="What was done", response_class=JSONResponse, responses=RECEIPT_RESPONSES)
async def get_receipt(request: Request, user_id: UserId = None, transaction_id: TransactionId = None) -> Response:
    """The conversion's receipt: checksums and facts of source and output, what was kept and what was dropped and why,
    with which programs and arguments, and the figures of the verification. `python -m local verify` checks it again.
    """
    user, transaction = await _asked(request, user_id, transaction_id)
    row = await in_thread(row_with_receipt, transaction, user)
    return Response(await in_storage_thread(receipt, row), media_type="application/json", headers=NO_STORE)


@router.head("/thumbnail", include_in_schema=False)
@router.get("/thumbnail", summary="See the film", response_class=Response, responses=THUMBNAIL_RESPONSES)
async def thumbnail(
    request: Request,
    user_id: UserId = None,
    transaction_id: TransactionId = None,
    kind: Kind = "poster",
    accept: Accept = None,
) -> Response:
    """A `poster`, or an animated `preview` of a few seconds: a redirect to the picture.

    For scrubbing, the `storyboard`: WebVTT whose cues link to parts of one `sprite`, ready for a player. Its links end
    as those of `/download` do.
    """
    user, transaction = await _asked(request, user_id, transaction_id)
    row = await in_thread(row_with_preview, transaction, user, checked_kind(kind))
    if kind == "storyboard":
        return Response(await in_storage_thread(storyboard, row), media_type="text/vtt", headers=NO_STORE)
    link = await in_storage_thread(partial(preview_link, row, kind, head=request.method == "HEAD"))
    return _linked(link, accept)


async def _asked(request: Request, user_id: str | None, transaction_id: str | None) -> list[UUID]:
    """Who asks, and for which transaction; the request's log line names it."""
    user_id = await asking_user(request, user_id)
    user, transaction = required_uuids(user_id=user_id, transaction_id=transaction_id)
    logs.about(transaction)
    return [user, transaction]


async def _answer(
    request: Request, user_id: str | None, transaction_id: str | None, kind: str, accept: str | None
) -> JSONResponse:
    user, transaction = await _asked(request, user_id, transaction_id)
    row = await in_thread(completed_row, transaction, user)
    return _linked(await in_storage_thread(partial(make_link, row, kind, head=request.method == "HEAD")), accept)


def _linked(link: Link, accept: str | None) -> JSONResponse:
    if _wants_json(accept):
        return JSONResponse(link.as_json(), headers=NO_STORE)
    return JSONResponse(link.as_json(), 307, NO_STORE | {"Location": link.url})


def _wants_json(accept: str | None) -> bool:
    """Whether the client names JSON; ``*/*`` alone asks for the file."""
    for choice in (accept or "").lower().split(","):
        media_type, *parameters = [part.strip() for part in choice.split(";")]
        if media_type == "application/json" and "q=0" not in parameters:
            return True
    return False
