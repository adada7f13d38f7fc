"""``POST /estimate``: what a conversion would come to."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from functions.estimate.requests import parse_request, too_large
from functions.shared import logs
from functions.shared.auth import asking_user, required_uuids
from functions.shared.body import read_json_body
from functions.shared.errors import (
    Busy,
    InvalidRequest,
    MissingParameter,
    NotAVideo,
    NotOwner,
    NotUploaded,
    TransactionNotFound,
)
from functions.shared.offload import in_estimate_thread, in_thread
from functions.shared.openapi import answer, models
from functions.shared.settings import GIB
from functions.shared.web import NO_STORE, Responses, problem_responses
from functions.shared.wiring import transactions

router = APIRouter(tags=["estimate"])

UserId = Annotated[str | None, Query(description="Who uploaded it; a UUID. Required.")]
BUSY = "Another film is being estimated; try again in half a minute."

RESPONSES: Responses = {
    200: answer("What is expected, each figure with its band.", "functions.estimate.models", "EstimateAnswer"),
    **problem_responses(
        {
            MissingParameter("Missing required parameter(s): user_id, transaction_id"): "A parameter is missing or no"
            " UUID, or an option is wrong: `detail` says which.",
            NotOwner(): "`Forbidden`: the transaction is another user's.",
            TransactionNotFound(): "`Transaction not found`",
            NotUploaded(): "`not_uploaded`: nothing has arrived at the upload's link yet.",
            too_large(GIB // 2): "`estimate_too_large`: more bytes than this deployment estimates.",
            NotAVideo(): "The conversion would fail with this `code`; or `estimate_too_slow`: the film's samples cannot"
            " be encoded in time.",
            Busy(BUSY): "`busy`: one film is estimated at a time. Or the database or the storage does not answer. See"
            " `Retry-After`.",
        }
    ),
}
REQUEST_BODY = {
    "required": True,
    "content": {"application/json": {"schema": models("functions.estimate.requests", "EstimateRequest")}},
}


@router.post(
    "/estimate",
    summary="What a conversion would come to",
    response_class=JSONResponse,
    responses=RESPONSES,
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def post_estimate(request: Request, user_id: UserId = None) -> JSONResponse:
    """Encodes three samples of an uploaded film and foretells size, VMAF, time and cost of converting all of it.

    It takes seconds, and changes nothing: not the transaction, whatever its status, and not its conversion.
    """
    user_id = await asking_user(request, user_id)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise InvalidRequest("Send application/json: {transaction_id} or {transaction_id, options}.")
    asked = parse_request(await read_json_body(request, "it needs no more than an id and options"))
    user, transaction = required_uuids(user_id=user_id, transaction_id=asked.transaction_id)
    logs.about(transaction)
    row = await in_thread(transactions().get, transaction, user)
    options = None if asked.options is None else asked.options.asked()
    from functions.estimate.service import estimate_row  # its encoder is not what a refusal waits for

    return JSONResponse(await in_estimate_thread(estimate_row, row, options), headers=NO_STORE)
