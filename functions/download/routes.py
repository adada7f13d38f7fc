"""``GET /download`` and ``GET /stream``: a redirect to the result, with the link in the body as well."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from functions.download.links import completed_row, make_link
from functions.shared import logs
from functions.shared.auth import asking_user, required_uuids
from functions.shared.errors import ConvertedMissing, MissingParameter, NotOwner, NotReady, TransactionNotFound
from functions.shared.offload import in_storage_thread, in_thread
from functions.shared.openapi import answer
from functions.shared.web import NO_STORE, Responses, problem_responses

router = APIRouter(tags=["download"])

UserId = Annotated[str | None, Query(description="Who uploaded it; a UUID. Required.")]
TransactionId = Annotated[str | None, Query(description="As `POST /upload` returned it; a UUID. Required.")]
Accept = Annotated[str | None, Header(description="`application/json` for 200 with the body instead of the redirect.")]


RESPONSES: Responses = {
    200: answer("The link, for `Accept: application/json`.", "functions.download.models", "LinkAnswer"),
    307: answer("Redirect to the link, which the body holds too.", "functions.download.models", "LinkAnswer"),
    **problem_responses(
        {
            MissingParameter(
                "Missing required parameter(s): user_id, transaction_id"
            ): "`Missing required parameter(s): user_id, transaction_id`"
            " or `Invalid UUID format for parameter: 'user_id'`",
            NotOwner(): "`Forbidden`: the transaction is another user's.",
            TransactionNotFound(): "`Transaction not found`",
            NotReady(): "`File not ready for download`: poll `/status` until it is `Completed`.",
            ConvertedMissing(): "`Converted file missing`: storage has lost the result.",
        }
    ),
}


@router.head("/download", include_in_schema=False)
@router.get("/download", summary="Fetch the result", response_class=JSONResponse, responses=RESPONSES)
async def download(
    request: Request, user_id: UserId = None, transaction_id: TransactionId = None, accept: Accept = None
) -> JSONResponse:
    """Redirects to a presigned link that saves the H.265 file under the user's own file name."""
    return await _answer(request, user_id, transaction_id, "attachment", accept)


@router.head("/stream", include_in_schema=False)
@router.get("/stream", summary="Play the result", response_class=JSONResponse, responses=RESPONSES)
async def stream(
    request: Request, user_id: UserId = None, transaction_id: TransactionId = None, accept: Accept = None
) -> JSONResponse:
    """Redirects to a presigned link for playback in place: the file is faststart, and the link takes `Range`."""
    return await _answer(request, user_id, transaction_id, "inline", accept)


async def _answer(
    request: Request, user_id: str | None, transaction_id: str | None, kind: str, accept: str | None
) -> JSONResponse:
    user_id = await asking_user(request, user_id)
    user, transaction = required_uuids(user_id=user_id, transaction_id=transaction_id)
    logs.about(transaction)
    row = await in_thread(completed_row, transaction, user)
    link = await in_storage_thread(partial(make_link, row, kind, head=request.method == "HEAD"))
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
