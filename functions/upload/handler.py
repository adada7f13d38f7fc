"""AWS Lambda's entry to the upload function, for API Gateway's HTTP API."""

from mangum import Mangum

from functions.shared import logs
from functions.shared.web import create_app
from functions.upload.routes import router

logs.configure()
app = create_app(router)
handler = Mangum(app, lifespan="off")
