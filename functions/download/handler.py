"""AWS Lambda's entry to the download function, for API Gateway's HTTP API."""

from mangum import Mangum

from functions.download.routes import router
from functions.shared import logs
from functions.shared.web import create_app

logs.configure()
app = create_app(router)
handler = Mangum(app, lifespan="off")
