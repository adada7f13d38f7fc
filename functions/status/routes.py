"""``GET /status``. Read by pollers, so it does one SELECT and little else; no storage."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from functions.shared import logs
from functions.shared.auth import asking_user, required_uuids
from functions.shared.errors import MissingParameter, NotOwner, TransactionNotFound
from functions.shared.offload import in_thread
from functions.shared.openapi import answer
from functions.shared.web import NO_STORE, Responses, problem_responses
from functions.shared.wiring import transactions
from functions.status.view import status_json

router = APIRouter(tags=["status"])

UserId = Annotated[str | None, Query(description="Who uploaded it; a UUID. Required.")]
TransactionId = Annotated[str | None, Query(description="As `POST /upload` returned it; a UUID. Required.")]


RESPONSES: Responses = {
    200: answer("The transaction as it is now.", "functions.status.models", "StatusAnswer"),
    **problem_responses(
        {
            MissingParameter(
                "Missing required parameter(s): user_id, transaction_id"
            ): "`Missing required parameter(s): user_id, transaction_id`"
            " or `Invalid UUID format for parameter: 'user_id'`",
            NotOwner(): "`Forbidden`: the transaction is another user's.",
            TransactionNotFound(): "`Transaction not found`",
        }
    ),
}


@router.get("/status", summary="State of a conversion", response_class=JSONResponse, responses=RESPONSES)
async def get_status(request: Request, user_id: UserId = None, transaction_id: TransactionId = None) -> JSONResponse:
    """Where a transaction is on its way from upload to download. Poll it once a second."""
    user_id = await asking_user(request, user_id)
    user, transaction = required_uuids(user_id=user_id, transaction_id=transaction_id)
    logs.about(transaction)
    row = await in_thread(transactions().get, transaction, user)
    return JSONResponse(status_json(row), headers=NO_STORE)
