"""AWS Lambda's entry to the status function, for API Gateway's HTTP API."""

from mangum import Mangum

from functions.shared.invocation import Invocation
from functions.shared.web import create_app
from functions.status.routes import router

app = create_app(router)
handler = Invocation("status", Mangum(app, lifespan="off"))
