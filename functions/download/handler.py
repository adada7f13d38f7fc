"""AWS Lambda's entry to the download function, for API Gateway's HTTP API."""

from mangum import Mangum

from functions.download.routes import router
from functions.shared.invocation import Invocation
from functions.shared.web import create_app

app = create_app(router)
handler = Invocation("download", Mangum(app, lifespan="off"))
