"""The WSGI entry: `gunicorn -c gunicorn.conf.py wsgi:app`, `flask --app wsgi …`."""

from gevent import monkey

monkey.patch_all()

import sys  # the patch comes before every other import

from app import create_app
from config import ConfigurationError, refusal

try:
    app = create_app()
except ConfigurationError as error:
    sys.exit(refusal(error.problems))
