"""AWS Lambda's entry to the estimate function, for API Gateway's HTTP API."""

from mangum import Mangum

from functions.estimate.routes import router
from functions.shared.invocation import Invocation
from functions.shared.web import create_app

app = create_app(router)
handler = Invocation("estimate", Mangum(app, lifespan="off"))
